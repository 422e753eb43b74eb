"""How the outside reaches Flagsmith."""

from collections.abc import Iterator
from typing import Final

from pydantic import Field

from components.settings.base import Section
from components.settings.problems import Problem
from components.settings.tls import (
    CLUSTER_ISSUER_ANNOTATION,
    ISSUER_ANNOTATION,
    NAMES,
    TLS_ANNOTATION,
    TlsChoice,
    TlsSource,
)
from components.settings.types import Boolean, ObjectName, PlainText, QualifiedName

CLASS_ANNOTATION: Final = "kubernetes.io/ingress.class"
GKE_CLASSES: Final = frozenset({"gce", "gce-internal"})
"""Classes that GKE's controller takes from the annotation alone: it has no IngressClass, and ignores the field."""
# What the program writes itself, and the setting that shapes it.
OWN_ANNOTATIONS: Final = {
    CLUSTER_ISSUER_ANNOTATION: "ingress.tls.clusterIssuer",
    ISSUER_ANNOTATION: "ingress.tls.issuer",
    TLS_ANNOTATION: "ingress.tls.from",
    "pulumi.com/skipAwait": "ingress.awaitAddress",
}


class IngressTls(TlsChoice):
    """Where TLS ends, and whose certificate it has. Except with `none` the public URL is `https://`."""

    section = "ingress"

    from_: TlsSource | None = Field(
        default=None,
        alias="from",
        description="`issuer`: a certificate from cert-manager; `secret`: one in an existing Secret; "
        "`controller`: the ingress controller's own; `upstream`: TLS ends before the Ingress, such "
        "as at a cloud's load balancer; `none`: plain HTTP, refused in production. Required where "
        "there is an Ingress.",
    )
    enabled: Boolean | None = Field(
        default=None, description="The old form: false is `from: none`, true has no effect. Gives a warning."
    )

    @property
    def source(self) -> TlsSource | None:
        """Where the certificate comes from, by `from` or, in the old form, by the other keys; None if nothing says."""
        if self.from_ is not None:
            return self.from_
        if self.enabled is False:
            return "none"
        return next((NAMES[key] for key in self.named), None)

    def problems(self) -> Iterator[Problem]:
        """The old form beside the new one; and as for every way in."""
        if self.from_ is not None and self.enabled is not None:
            yield Problem(path=("enabled",), text="is the old form of ingress.tls.from, which is set too: remove it")
        if self.from_ is None and self.enabled is False:
            for key in self.named:
                yield Problem(
                    path=(key,), text="goes with TLS, and ingress.tls.enabled is false: remove one of the two"
                )
            return
        yield from super().problems()


class IngressSettings(Section):
    """The Ingress that publishes `host`; see [ingress.md](ingress.md)."""

    enabled: Boolean = Field(
        default=True,
        description="Whether there is an Ingress. Without it, you provide a route from `host` to the Service "
        "`flagsmith`, port 8000.",
    )
    class_name: ObjectName | None = Field(
        default=None,
        description="The IngressClass. Required where there is an Ingress, unless `defaultClass` is true, or the "
        "annotation `kubernetes.io/ingress.class` names the class for a controller that reads only that.",
    )
    default_class: Boolean = Field(
        default=False, description="Whether the Ingress names no class, so that it gets the cluster's default one."
    )
    annotations: dict[QualifiedName, PlainText] = Field(
        default_factory=dict, description="Further annotations, for the ingress controller."
    )
    await_address: Boolean = Field(
        default=False, description="Whether a deployment waits until the Ingress has an address."
    )
    tls: IngressTls = Field(default_factory=IngressTls, description="HTTPS.")

    @property
    def tls_from(self) -> TlsSource:
        """Where TLS ends. Without an Ingress, and unless `from` says otherwise: at what leads here in its place."""
        stated = self.tls.source if self.enabled else self.tls.from_
        return stated or "upstream"

    @property
    def issued(self) -> bool:
        """Whether cert-manager gets the certificate of the Ingress."""
        return self.enabled and self.tls_from == "issuer"

    def problems(self) -> Iterator[Problem]:
        """Two classes at once, and annotations that have settings of their own."""
        if self.class_name is not None and self.default_class:
            yield Problem(
                path=("defaultClass",), text="contradicts ingress.className, which names a class: remove one of the two"
            )
        if CLASS_ANNOTATION in self.annotations and not self._is_gke_class(CLASS_ANNOTATION):
            yield from self._two_classes()
        for annotation, key in OWN_ANNOTATIONS.items():
            if annotation in self.annotations:
                yield Problem(path=("annotations", annotation), text=f"is set by the program: use {key} in its place")

    def _two_classes(self) -> Iterator[Problem]:
        """A class in the annotation, which some controllers read alone, and one in a field beside it."""
        path = ("annotations", CLASS_ANNOTATION)
        if self.class_name is not None:
            text = "names the class, and so does ingress.className: Kubernetes takes one of both. Remove the one that "
            yield Problem(path=path, text=f"{text}your controller does not read; all but a few read className")
        elif self.default_class:
            text = "names a class, and ingress.defaultClass is true: remove one of the two"
            yield Problem(path=path, text=text)

    def _is_gke_class(self, annotation: str) -> bool:
        """Whether it is the class that the program writes into this annotation anyway."""
        return (
            annotation == CLASS_ANNOTATION
            and self.class_name in GKE_CLASSES
            and self.annotations[annotation] == self.class_name
        )
