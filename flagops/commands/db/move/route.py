"""The ways in, while nothing may be written: whether they are closed, as the program says."""

from collections.abc import Iterator
from typing import Any, Final

from components.kit import names
from flagops.errors import RefusedError
from flagops.kubernetes.objects import Manifest
from flagops.stacks.deployed import Instance

INGRESS: Final = ("networking.k8s.io/v1", "Ingress", names.API)
ROUTE: Final = (names.GATEWAY_API_VERSION, "HTTPRoute", names.API)


def require_closed(instance: Instance) -> None:
    """Raise RefusedError where a way in of the stack still leads everything to Flagsmith, once that was deployed.

    Somebody else writes it then, such as a GitOps controller, which has put it back.
    """
    for live in _ways(instance):
        if names.CLOSED not in set(_backends(live)):
            managers = sorted({item.get("manager", "") for item in live["metadata"].get("managedFields") or []})
            raise RefusedError(
                f"{live['kind']} {live['metadata']['name']} still leads the dashboard to Flagsmith, although it was "
                f"closed: something else writes it ({', '.join(filter(None, managers)) or 'unknown'}).",
                hint="Stop what puts it back, such as the sync of a GitOps controller, until the move is done. Or make "
                "the move there: commit the stack's file after each step, as docs/data-tier.md says.",
            )


def _ways(instance: Instance) -> Iterator[Manifest]:
    settings = instance.settings
    for wanted, (version, kind, name) in ((settings.ingress.enabled, INGRESS), (settings.gateway.enabled, ROUTE)):
        live = instance.get(version, kind, name) if wanted else None
        if live is not None:
            yield {**live, "kind": kind}


def _backends(live: Manifest) -> Iterator[str]:
    """The names of all Services that a way in leads to."""
    spec: Any = live["spec"]
    for rule in spec.get("rules") or []:
        for path in (rule.get("http") or {}).get("paths") or []:
            yield str(path["backend"]["service"]["name"])
        for reference in rule.get("backendRefs") or []:
            yield str(reference["name"])
