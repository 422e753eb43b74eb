"""Is what is deployed what the stack's role says? A stack keeps its role: another one would delete what it had."""

from components.deployment.recorded import Deployment, declares
from components.kit import names
from components.kit.api_server import Fetch
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
            f"feature-flags:role is platform, and {where} has an edge alone, which a stack does not grow out of. Set "
            "role to edge, or give the whole Flagsmith a stack and namespace of its own; `ff down` removes the edge."
        )
    paths = (
        f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{names.POSTGRES_DATA}",
        f"/apis/apps/v1/namespaces/{namespace}/deployments/{names.API}",
    )
    if not (has_flagsmith(deployment) if deployment is not None else any(fetch(path) for path in paths)):
        return None
    return (
        f"feature-flags:role is edge, and {where} has a whole Flagsmith, which would be deleted with its data. Set "
        "role to platform, or give the edge a stack and namespace of its own."
    )
