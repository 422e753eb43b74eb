"""What a namespace that somebody else made allows: which pods may run there, and how much they may use."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from components.kit import names
from components.kit.api_server import DENIED, Fetch
from components.settings import Settings, budget
from components.settings.quantities import parse_cpu, parse_memory
from components.settings.sections.network_policy import CLIENT_LABEL

Manifest = Mapping[str, Any]

LEVEL: Final = "pod-security.kubernetes.io/enforce"
LEVELS: Final = ("baseline", "restricted")
"""Of Pod Security: every pod of the stack keeps the stricter one."""
_COUNTED: Final[Mapping[str, Callable[[str], int]]] = {
    "requests.cpu": parse_cpu,
    "cpu": parse_cpu,
    "requests.memory": parse_memory,
    "memory": parse_memory,
    "limits.cpu": parse_cpu,
    "limits.memory": parse_memory,
    "pods": int,
    "persistentvolumeclaims": int,
}
SHOWN: Final = 5
MADE_FOR_IT: Final = frozenset({names.CNPG_CLUSTER, names.CNPG_POOLER, "acme.cert-manager.io/http01-solver"})
"""Labels by which operators know the pods that they make for a stack."""
# A quota's short names are those of the requests.
_IN_FULL: Final = {"cpu": "requests.cpu", "memory": "requests.memory"}


def missing(namespace: str, context: str) -> str:
    """What is said of a namespace that is not there."""
    return (
        f"There is no namespace {namespace!r} in context {context!r}, and namespace.create is false. Ask whoever makes "
        "namespaces for it, with the label pod-security.kubernetes.io/enforce: restricted; correct namespace.name or "
        "context; or remove namespace.create, and the stack makes it"
    )


def handed_over(namespace: str) -> str:
    """What is said where the stack has made the namespace, and its settings say now that somebody else has."""
    return (
        f"Namespace {namespace} was made by this stack, and would be deleted with everything in it, since "
        "namespace.create is false now. Remove namespace.create. A namespace of the platform team's is another one: "
        "move the data there by a backup and a restore (docs/backups.md#another-volume)"
    )


def warnings(settings: Settings, fetch: Fetch) -> Iterator[str]:
    """Yield what the namespace lacks or forbids; nothing about what may not be read."""
    name = settings.namespace.name
    place = fetch(f"/api/v1/namespaces/{name}")
    if place is not None and place is not DENIED:
        yield from _labels(settings, place)
    if settings.isolated:
        yield from _neighbours(name, _items(fetch, f"/api/v1/namespaces/{name}/pods"))
    yield from _quotas(settings, _items(fetch, f"/api/v1/namespaces/{name}/resourcequotas"))
    yield from _limits(settings, _items(fetch, f"/api/v1/namespaces/{name}/limitranges"))


def _items(fetch: Fetch, path: str) -> Iterable[Manifest]:
    found: Iterable[Manifest] = (fetch(path) or {}).get("items", ())
    return found


def _labels(settings: Settings, place: Manifest) -> Iterator[str]:
    labels = place["metadata"].get("labels") or {}
    if labels.get(LEVEL) not in LEVELS:
        yield (
            f"Nothing in the namespace {settings.namespace.name} refuses pods with rights on their node. Every pod of "
            f"the stack keeps Pod Security's level restricted: ask for the label {LEVEL}: restricted"
        )
    is_client = settings.is_edge and settings.edge.is_beside_primary
    if is_client and labels.get(CLIENT_LABEL) != "true":
        yield (
            f'The network policies of the primary let in the namespaces with the label {CLIENT_LABEL}: "true", which '
            f"the namespace {settings.namespace.name} does not have: ask for it"
        )


def _neighbours(namespace: str, pods: Iterable[Manifest]) -> Iterator[str]:
    """Pods of somebody else's, which the policy over every pod of the namespace would cut off."""
    theirs = sorted(pod["metadata"]["name"] for pod in pods if _is_anothers(pod))
    if theirs:
        shown = ", ".join(theirs[:SHOWN]) + (f" and {len(theirs) - SHOWN} more" if len(theirs) > SHOWN else "")
        yield (
            f"The namespace {namespace} has pods that are not the stack's: {shown}. Its network policies close every "
            "pod there, and cut these off: ask for a namespace that this stack alone uses, or set "
            "networkPolicy.enabled to false"
        )


def _is_anothers(pod: Manifest) -> bool:
    """Whether a pod that has not ended is neither the stack's nor made for it, by CloudNativePG or cert-manager."""
    labels = pod["metadata"].get("labels") or {}
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return False
    return labels.get(names.PART_OF) != names.PLATFORM and not MADE_FOR_IT & set(labels)


def _quotas(settings: Settings, quotas: Iterable[Manifest]) -> Iterator[str]:
    needed = budget.need(settings)
    for quota in quotas:
        if (quota.get("spec") or {}).get("scopes") or (quota.get("spec") or {}).get("scopeSelector"):
            continue
        for stated, amount in ((quota.get("spec") or {}).get("hard") or {}).items():
            name = _IN_FULL.get(stated, stated)
            if stated in _COUNTED and (hard := _amount(stated, amount)) is not None and hard < needed[name]:
                yield (
                    f"The ResourceQuota {quota['metadata']['name']} allows {stated} {amount}, and with all updates "
                    f"and Jobs at once the stack takes {budget.format_amount(name, needed[name])}: ask for more, or "
                    "choose a smaller size"
                )


def _limits(settings: Settings, ranges: Iterable[Manifest]) -> Iterator[str]:
    largest = {
        "cpu": max(parse_cpu(item.resources.limits.cpu) for item in budget.demands(settings)),
        "memory": max(parse_memory(item.resources.limits.memory) for item in budget.demands(settings)),
    }
    for found in ranges:
        for item in (found.get("spec") or {}).get("limits") or ():
            for name, amount in (item.get("max") or {}).items():
                if item.get("type") != "Container" or name not in largest:
                    continue
                most = _amount(name, amount)
                if most is not None and most < largest[name]:
                    yield (
                        f"The LimitRange {found['metadata']['name']} allows a container {name} {amount}, and one of "
                        f"the stack has {budget.format_amount(f'limits.{name}', largest[name])}: ask for more, or "
                        "choose less in resources"
                    )


def _amount(name: str, quantity: object) -> int | None:
    try:
        return _COUNTED[name](str(quantity))
    except ValueError:
        return None
