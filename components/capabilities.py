"""What the cluster serves besides Kubernetes' own API: the custom resources of operators that may be installed or not.

Looked for by `up` and `preview` only. A cluster that does not answer is an error, never one without operators: that
would delete what is there.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Final

import pulumi

from components.settings import Settings

WANTED: Final = {
    "cert-manager.io/v1": ("Certificate",),
    "external-secrets.io/v1": ("ExternalSecret",),
    "monitoring.coreos.com/v1": ("PodMonitor", "PrometheusRule", "ServiceMonitor"),
}
"""The kinds that the program makes where they are served, by API version."""

SECONDS: Final = 30
"""How long the cluster may take to answer one question."""

Fetch = Callable[[str], Mapping[str, Any] | None]
"""Gets a path of the cluster's API: the JSON, None where there is none (404); any other answer is an exception."""


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
    # Here, since only a run of the Pulumi CLI needs it: the direct engine asks by itself.
    from kubernetes.client import ApiClient, Configuration
    from kubernetes.config import ConfigException, load_kube_config
    from urllib3.exceptions import HTTPError

    def failed(why: object) -> pulumi.RunError:
        return pulumi.RunError(
            f"The cluster of context {context!r} cannot be asked which custom resources it serves: {why}. Mend the "
            "access, or state what it serves in feature-flags:apiVersions (a list of group/version/Kind; [] for none)."
        )

    configuration = Configuration()
    try:
        load_kube_config(context=context, client_configuration=configuration)
    except ConfigException as error:
        raise failed(error) from None
    # One question is enough to know: retries would only make a wrong address slow.
    configuration.retries = False
    client = ApiClient(configuration)

    def fetch(path: str) -> Mapping[str, Any] | None:
        headers = {"Accept": "application/json", **client.default_headers}
        client.update_params_for_auth(headers, [], ["BearerToken"], path, "GET", None)
        try:
            answer = client.rest_client.pool_manager.request(
                "GET", f"{configuration.host}{path}", headers=headers, timeout=SECONDS
            )
        except (HTTPError, OSError) as error:
            raise failed(f"it does not answer ({type(error).__name__})") from None
        if answer.status == 404:
            return None
        if answer.status >= 400:
            raise failed(f"it answers {answer.status}")
        return dict(json.loads(answer.data))

    return fetch
