"""How the outside reaches Flagsmith."""

from collections.abc import Iterator

from pydantic import Field

from components.settings.base import Section
from components.settings.problems import Problem
from components.settings.types import Boolean, ObjectName, PlainText, QualifiedName, SecretName

# What the program writes itself, and the setting that shapes it.
OWN_ANNOTATIONS = {
    "cert-manager.io/cluster-issuer": "ingress.tls.clusterIssuer",
    "cert-manager.io/issuer": "ingress.tls.issuer",
    "kubernetes.io/ingress.class": "ingress.className",
    "pulumi.com/skipAwait": "ingress.awaitAddress",
}


class IngressTls(Section):
    """HTTPS: a certificate from a cert-manager issuer, or from an existing Secret."""

    enabled: Boolean = Field(default=True, description="Whether the Ingress serves HTTPS.")
    cluster_issuer: ObjectName | None = Field(default=None, description="Name of a cert-manager ClusterIssuer.")
    issuer: ObjectName | None = Field(default=None, description="Name of a cert-manager Issuer of the namespace.")
    secret_name: SecretName | None = Field(
        default=None, description="Name of an existing Secret of type `kubernetes.io/tls`."
    )

    @property
    def has_source(self) -> bool:
        """Whether the settings say where the certificate comes from."""
        return any((self.cluster_issuer, self.issuer, self.secret_name))

    @property
    def issued(self) -> bool:
        """Whether cert-manager gets the certificate."""
        return self.enabled and self.secret_name is None

    def problems(self) -> Iterator[Problem]:
        """More than one source of the certificate, or one for no certificate."""
        sources = {"clusterIssuer": self.cluster_issuer, "issuer": self.issuer, "secretName": self.secret_name}
        named = [key for key, value in sources.items() if value is not None]
        if not self.enabled:
            for key in named:
                yield Problem(
                    path=(key,), text="goes with ingress.tls.enabled true only: remove it, or set that to true"
                )
        elif len(named) > 1:
            yield Problem(
                path=(named[-1],),
                text=f"contradicts ingress.tls.{named[0]}: the certificate comes from exactly one of "
                "clusterIssuer, issuer and secretName; remove the others",
            )


class Ingress(Section):
    """The Ingress that publishes `host`."""

    enabled: Boolean = Field(default=True, description="Whether there is an Ingress; without it, port-forward.")
    class_name: ObjectName = Field(default="nginx", description="The IngressClass.")
    annotations: dict[QualifiedName, PlainText] = Field(
        default_factory=dict, description="Further annotations, for the ingress controller."
    )
    await_address: Boolean = Field(
        default=False, description="Whether a deployment waits until the Ingress has an address."
    )
    tls: IngressTls = Field(default_factory=IngressTls, description="HTTPS.")

    def problems(self) -> Iterator[Problem]:
        """Annotations that have settings of their own."""
        for annotation, key in OWN_ANNOTATIONS.items():
            if annotation in self.annotations:
                yield Problem(path=("annotations", annotation), text=f"is set by the program: use {key} in its place")
