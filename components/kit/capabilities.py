"""What the cluster serves besides Kubernetes' own API: the custom resources of operators that may be installed or not.

Looked for by `up` and `preview` only. A cluster that does not answer is an error, never one without operators: that
would delete what is there.
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Final

import pulumi

from components.kit import names
from components.kit.api_server import Fetch, fetching
from components.settings import Settings

API_VERSION: Final = "monitoring.coreos.com/v1"
"""That of the Prometheus operator's kinds."""
GATEWAY_API_VERSION: Final = names.GATEWAY_API_VERSION

WANTED: Final = {
    names.BARMAN_API_VERSION: ("ObjectStore",),
    "cert-manager.io/v1": ("Certificate",),
    "external-secrets.io/v1": ("ExternalSecret",),
    GATEWAY_API_VERSION: ("Gateway", "HTTPRoute"),
    API_VERSION: ("PodMonitor", "PrometheusRule", "ServiceMonitor"),
    # DatabaseRole came with 1.30.0.
    names.CNPG_API_VERSION: ("Cluster", "DatabaseRole", "Pooler", "ScheduledBackup"),
}
"""The kinds that the program makes where they are served, by API version."""


class Capabilities:
    """What the cluster serves; it is asked when the first question comes, and not at all when none does."""

    def __init__(self, ask: Callable[[], Iterable[str]]) -> None:
        self._ask = ask

    @cached_property
    def served(self) -> frozenset[str]:
        """The served API versions, as `group/version` for all of its kinds or `group/version/Kind` for one."""
        return frozenset(self._ask())

    def serves(self, api_version: str, kind: str) -> bool:
        """Whether objects of this kind can be made."""
        return api_version in self.served or f"{api_version}/{kind}" in self.served


def discover(fetch: Fetch) -> tuple[str, ...]:
    """Ask a cluster which of the wanted kinds it serves, as `group/version/Kind`, sorted."""
    found: list[str] = []
    for api_version, kinds in WANTED.items():
        answer = fetch(f"/apis/{api_version}")
        served = {str(item["kind"]) for item in (answer or {}).get("resources", ())}
        found += [f"{api_version}/{kind}" for kind in kinds if kind in served]
    return tuple(sorted(found))


def find(settings: Settings) -> Capabilities:
    """What the stack's cluster serves: as the settings state it, else as the cluster says.

    The first question raises pulumi.RunError when the cluster cannot be asked.
    """

    def ask() -> Iterable[str]:
        return discover(_fetch(settings.context)) if settings.api_versions is None else settings.api_versions

    return Capabilities(ask)


def _fetch(context: str) -> Fetch:
    def failed(why: object) -> pulumi.RunError:
        return pulumi.RunError(
            f"The cluster of context {context!r} cannot be asked which custom resources it serves: {why}. Mend the "
            "access, or state what it serves in feature-flags:apiVersions (a list of group/version/Kind; [] for none)."
        )

    return fetching(context, failed)
