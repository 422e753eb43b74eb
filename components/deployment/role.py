"""Is what is deployed what the stack's role says? A stack keeps its role: another one would delete what it had."""

from collections.abc import Iterator

from components.deployment.recorded import Deployment, declares
from components.kit import names
from components.kit.api_server import DENIED, Fetch
from components.settings import Settings


def has_flagsmith(deployment: Deployment | None) -> bool:
    """Whether a deployment declared Flagsmith itself, and not an edge alone."""
    return declares(deployment, names.API)


def other_role(fetch: Fetch, deployment: Deployment | None, settings: Settings) -> str | None:
    """Why a stack cannot be deployed where this deployment is, which has another role; None where it can.

    A Flagsmith whose first deployment did not end has no record: without one, the cluster itself is asked.
    """
    namespace = settings.namespace.name
    where = f"the namespace {namespace!r} of context {settings.context!r}"
    if not settings.is_edge:
        if has_flagsmith(deployment) or not declares(deployment, names.EDGE):
            return None
        return (
            f"feature-flags:role is platform, and {where} has only an edge, which cannot become a whole Flagsmith. Set "
            "role to edge, or give the whole Flagsmith a stack and namespace of its own; `ff down` removes the edge."
        )
    left = list(_of_flagsmith(fetch, namespace)) if deployment is None else []
    unknown = [what for what, is_there in left if is_there is None]
    if has_flagsmith(deployment) or any(is_there for _, is_there in left):
        return (
            f"feature-flags:role is edge, and {where} has a whole Flagsmith, which would be deleted with its data. Set "
            "role to platform, or give the edge a stack and namespace of its own."
        )
    if unknown:
        return (
            f"feature-flags:role is edge, and whether {where} has a whole Flagsmith, which would be deleted with its "
            f"data, cannot be told: you may not look for {', '.join(unknown)}. Ask for the right to."
        )
    return None


def _of_flagsmith(fetch: Fetch, namespace: str) -> Iterator[tuple[str, bool | None]]:
    """What of a whole Flagsmith the namespace has: each with whether it is there, None where nobody may look."""
    core = f"/api/v1/namespaces/{namespace}"
    for what, path in (
        (f"the claim {names.POSTGRES_DATA}", f"{core}/persistentvolumeclaims/{names.POSTGRES_DATA}"),
        (f"the claim {names.BACKUP_DATA}", f"{core}/persistentvolumeclaims/{names.BACKUP_DATA}"),
        (f"the Deployment {names.API}", f"/apis/apps/v1/namespaces/{namespace}/deployments/{names.API}"),
    ):
        live = fetch(path)
        yield what, None if live is DENIED else live is not None
    # Who may not list them gets no "not found" where the cluster does not even know the kind.
    group = f"/apis/{names.CNPG_API_VERSION}"
    if fetch(group) is not None:
        found = fetch(f"{group}/namespaces/{namespace}/clusters")
        yield f"Clusters of {names.CNPG_API_VERSION}", None if found is DENIED else bool((found or {}).get("items"))
