"""How the outside reaches Flagsmith through the Gateway API."""

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field

from components.settings.base import Section
from components.settings.problems import Problem
from components.settings.tls import (
    CLUSTER_ISSUER_ANNOTATION,
    ISSUER_ANNOTATION,
    TLS_ANNOTATION,
    TlsChoice,
    TlsSource,
)
from components.settings.types import (
    Boolean,
    Kind,
    ObjectName,
    OtherNamespace,
    PlainText,
    Port,
    QualifiedName,
    WholeNumber,
)

# What the program writes itself, and the setting that shapes it.
OWN_ANNOTATIONS: Final = {
    CLUSTER_ISSUER_ANNOTATION: "gateway.tls.clusterIssuer",
    ISSUER_ANNOTATION: "gateway.tls.issuer",
    TLS_ANNOTATION: "gateway.tls.from",
    "pulumi.com/waitFor": "gateway.awaitConditions",
    "pulumi.com/skipAwait": "gateway.awaitConditions",
}
# What only a Gateway of the stack's own has, as messages name it.
OF_AN_OWN_GATEWAY: Final = {
    "class_name": "className",
    "annotations": "annotations",
    "http_port": "httpPort",
    "https_port": "httpsPort",
    "redirect": "redirect",
}
LARGEST_LIST: Final = 32
"""An HTTPRoute has at most this many parentRefs (its definition, `maxItems`)."""

SectionName = Annotated[ObjectName, Field(max_length=253), Kind("name of a listener")]


class ParentReference(Section):
    """A Gateway of the cluster, or one of its listeners."""

    name: ObjectName = Field(description="The Gateway's name.")
    namespace: OtherNamespace | None = Field(default=None, description="Its namespace. Default: the stack's own.")
    section_name: SectionName | None = Field(default=None, description="One of its listeners. Default: all of them.")
    port: Port | None = Field(
        default=None,
        description="Only its listeners on this port. Not every implementation knows it: `sectionName` does the same.",
    )

    @property
    def is_narrow(self) -> bool:
        """Whether it says which listeners."""
        return self.section_name is not None or self.port is not None

    def is_of_same(self, other: "ParentReference", namespace: str) -> bool:
        """Whether both name one Gateway; `namespace` is that of the stack."""
        return (self.name, self.namespace or namespace) == (other.name, other.namespace or namespace)

    def may_meet(self, other: "ParentReference", namespace: str) -> bool:
        """Whether both may mean one listener; `namespace` is that of the stack.

        Nobody here knows which name the listener on a port has: that needs the Gateway itself.
        """
        if not self.is_of_same(other, namespace):
            return False
        said = ((self.section_name, other.section_name), (self.port, other.port))
        return not any(one is not None and two is not None and one != two for one, two in said)


class GatewayTls(TlsChoice):
    """Where TLS ends, and whose certificate it has. Except with `none` the public URL is `https://`."""

    section = "gateway"

    from_: TlsSource | None = Field(
        default=None,
        alias="from",
        description="`issuer`: a certificate from cert-manager; `secret`: one in an existing Secret, both for a "
        "Gateway of the stack's own; `controller`: that of the shared Gateway, or the controller's own; `upstream`: "
        "TLS ends before the Gateway, such as at a cloud's load balancer; `none`: plain HTTP, refused in production. "
        "Required where `gateway.enabled`.",
    )


class GatewaySettings(Section):
    """A route of the Gateway API that publishes `host`, beside the Ingress or in its place."""

    enabled: Boolean = Field(
        default=False, description="Whether an HTTPRoute leads from `host` to Flagsmith; see [gateway.md](gateway.md)."
    )
    parent_refs: tuple[ParentReference, ...] = Field(
        default=(),
        max_length=LARGEST_LIST,
        description="Gateways that somebody else keeps, to which the route is attached. They or `className` are "
        "required.",
    )
    redirect_from: tuple[ParentReference, ...] = Field(
        default=(),
        max_length=LARGEST_LIST,
        description="With `parentRefs`: their listeners for plain HTTP, from which a second route leads to `https://`.",
    )
    class_name: ObjectName | None = Field(
        default=None, description="The GatewayClass. With it, the stack makes a Gateway of its own."
    )
    annotations: dict[QualifiedName, PlainText] = Field(
        default_factory=dict, description="Further annotations of that Gateway, for its controller."
    )
    http_port: Port = Field(default=80, description="The port of that Gateway's listener for plain HTTP.")
    https_port: Port = Field(default=443, description="The port of that Gateway's listener for HTTPS.")
    redirect: Boolean = Field(
        default=True,
        description="Whether that Gateway listens for plain HTTP too and redirects it to `https://`.",
    )
    hsts_seconds: Annotated[WholeNumber, Field(ge=1, le=63_072_000), Kind("seconds")] | None = Field(
        default=None,
        description="For how many seconds a browser that has used `https://` uses nothing else (HSTS), such as "
        "31536000, a year. The route adds the header to every answer (`ResponseHeaderModifier`; an implementation "
        "that lacks it says so). Default: no such header.",
    )
    await_conditions: Boolean = Field(
        default=True,
        description="Whether a deployment waits until the Gateway is programmed and the routes are accepted. "
        "Set it to false where no controller reports that.",
    )
    tls: GatewayTls = Field(default_factory=GatewayTls, description="HTTPS.")

    @property
    def is_own(self) -> bool:
        """Whether the stack makes the Gateway."""
        return self.enabled and self.class_name is not None

    @property
    def ends_tls(self) -> bool:
        """Whether TLS ends at the Gateway."""
        return self.tls.source in ("issuer", "secret", "controller")

    @property
    def issued(self) -> bool:
        """Whether cert-manager gets the certificate of the Gateway."""
        return self.is_own and self.tls.source == "issuer"

    def problems(self) -> Iterator[Problem]:
        """Keys of one kind of Gateway with the other, and annotations that have settings of their own."""
        if self.parent_refs:
            for field, key in OF_AN_OWN_GATEWAY.items():
                if field in self.model_fields_set:
                    yield Problem(
                        path=(key,),
                        text="goes with a Gateway of the stack's own, and gateway.parentRefs names one of somebody "
                        "else's: remove one of the two",
                    )
            for key, value in self.tls.named.items():
                yield Problem(
                    path=("tls", key),
                    text=f"would be the certificate of a Gateway of the stack's own ({value}), and gateway.parentRefs "
                    "names one of somebody else's, which has its own: write `tls: {from: controller}`",
                )
        elif self.redirect_from:
            yield Problem(
                path=("redirectFrom",),
                text="goes with gateway.parentRefs: a Gateway of the stack's own redirects by gateway.redirect",
            )
        for annotation, key in OWN_ANNOTATIONS.items():
            if annotation in self.annotations:
                yield Problem(path=("annotations", annotation), text=f"is set by the program: use {key} in its place")
        if self.hsts_seconds is not None and self.tls.source == "none":
            yield Problem(
                path=("hstsSeconds",), text="goes with TLS, and gateway.tls.from is none: remove one of the two"
            )
        if self.http_port == self.https_port:
            yield Problem(path=("httpPort",), text="must differ from gateway.httpsPort: each listener has its own port")
