"""What OpenShift makes of an Ingress: a Route of each path, or none.

Read in openshift/route-controller-manager, pkg/route/ingress/ingress.go (`sync`, `tlsConfigForIngress`, `tlsEnabled`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

TERMINATION = "route.openshift.io/termination"


@dataclass(frozen=True)
class Route:
    """A Route; `tls` says whether the router ends TLS, and then redirects plain HTTP."""

    host: str
    path: str
    service: str
    tls: bool


def routes(ingress: Mapping[str, Any], secrets: frozenset[str] = frozenset()) -> Iterator[Route]:
    """The Routes of an Ingress, where the namespace has these Secrets of type `kubernetes.io/tls`."""
    spec, said = ingress["spec"], ingress["metadata"].get("annotations") or {}
    entries = spec.get("tls") or []
    for rule in spec["rules"]:
        named = [entry.get("secretName", "") for entry in entries if rule["host"] in (entry.get("hosts") or ())]
        if named and named[0] not in secrets:
            continue  # It waits for the Secret, whose name may be empty.
        tls = said.get(TERMINATION) in ("edge", "reencrypt", "passthrough") or bool(named) or {} in entries
        for path in rule["http"]["paths"]:
            if path["pathType"] != "Exact":
                yield Route(rule["host"], path["path"], path["backend"]["service"]["name"], tls)
