"""Where TLS ends on a way in from outside, and whose certificate it has: what each kind of way in is told."""

from collections.abc import Iterator
from typing import ClassVar, Final, Literal

from pydantic import Field

from components.settings.base import Section
from components.settings.problems import Problem
from components.settings.types import ObjectName, SecretName

TlsSource = Literal["issuer", "secret", "controller", "upstream", "none"]
TLS_ANNOTATION: Final = "feature-flags/tls"
"""Says on an object who ends TLS where its own fields cannot: `controller` or `upstream`."""
ISSUER_ANNOTATION: Final = "cert-manager.io/issuer"
CLUSTER_ISSUER_ANNOTATION: Final = "cert-manager.io/cluster-issuer"
# The keys that name a certificate, and the source that each belongs to.
NAMES: Final[dict[str, TlsSource]] = {"clusterIssuer": "issuer", "issuer": "issuer", "secretName": "secret"}
_MISSING: Final = {
    "issuer": "needs the name of the issuer: set clusterIssuer or issuer beside it",
    "secret": "needs the name of the Secret: set secretName beside it",
}


class TlsChoice(Section):
    """Where TLS ends, and whose certificate it has. Except with `none` the public URL is `https://`."""

    section: ClassVar[str]
    """The section that it belongs to, as messages name it."""

    from_: TlsSource | None = Field(default=None, alias="from", description="Where TLS ends.")
    cluster_issuer: ObjectName | None = Field(
        default=None, description="With `issuer`: the name of a cert-manager ClusterIssuer."
    )
    issuer: ObjectName | None = Field(
        default=None, description="With `issuer`: the name of a cert-manager Issuer of the namespace."
    )
    secret_name: SecretName | None = Field(
        default=None, description="With `secret`: the name of an existing Secret of type `kubernetes.io/tls`."
    )

    @property
    def named(self) -> dict[str, str]:
        """The keys that name a certificate, with their values."""
        values = {"clusterIssuer": self.cluster_issuer, "issuer": self.issuer, "secretName": self.secret_name}
        return {key: value for key, value in values.items() if value is not None}

    @property
    def source(self) -> TlsSource | None:
        """Where the certificate comes from; None if nothing says."""
        return self.from_

    @property
    def annotations(self) -> dict[str, str]:
        """What an object says of its TLS where its own fields cannot: the issuer, or who else ends it."""
        found = {}
        if self.cluster_issuer is not None:
            found[CLUSTER_ISSUER_ANNOTATION] = self.cluster_issuer
        if self.issuer is not None:
            found[ISSUER_ANNOTATION] = self.issuer
        if self.source in ("controller", "upstream"):
            found[TLS_ANNOTATION] = str(self.source)
        return found

    def problems(self) -> Iterator[Problem]:
        """Names that do not go with the source, none where it needs one, or more than one."""
        source = self.source
        fitting = [key for key in self.named if NAMES[key] == source]
        for key in self.named:
            if self.from_ is not None and key not in fitting:
                yield Problem(
                    path=(key,),
                    text=f"goes with {self.section}.tls.from {NAMES[key]}, and that is {source}: remove it, or set "
                    "that",
                )
        if self.from_ in _MISSING and not fitting:
            yield Problem(path=("from",), text=_MISSING[self.from_])
        candidates = fitting if self.from_ is not None else [*self.named]
        if len(candidates) > 1:
            yield Problem(
                path=(candidates[-1],),
                text=f"contradicts {self.section}.tls.{candidates[0]}: the certificate comes from exactly one of "
                "clusterIssuer, issuer and secretName; remove the others",
            )
