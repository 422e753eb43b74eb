"""The rows of the way in by the Gateway API."""

from collections.abc import Iterator

from components.exposure.gateway_kinds import COMPONENT, GATEWAY, ROUTE
from components.kit import names
from components.kit.names import GATEWAY_API_VERSION
from flagops.commands.status.model import StatusRow
from flagops.kubernetes.attached import attachments
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.readiness import ROUTE_CONDITIONS, condition
from flagops.kubernetes.refusals import DeniedError, UnknownKindError
from flagops.stacks.deployed import Instance


def gateway_rows(instance: Instance) -> Iterator[StatusRow]:
    """Each Gateway with its address, and each route with what its parents say; nothing for a stack without."""
    settings = instance.settings.gateway
    if not settings.enabled:
        return
    try:
        routes = instance.items(GATEWAY_API_VERSION, ROUTE, labelSelector=f"{names.COMPONENT}={COMPONENT}")
    except UnknownKindError:
        yield StatusRow(ROUTE, names.API, "the cluster does not know the Gateway API", is_fine=False)
        return
    parents = {
        (str(parent.get("namespace") or instance.namespace), str(parent["name"]))
        for route in routes
        for parent in route["spec"].get("parentRefs") or []
    }
    for namespace, name in sorted(parents):
        yield _gateway(instance, namespace, name, awaited=settings.await_conditions)
    for route in routes:
        yield _route(route, awaited=settings.await_conditions)


def _gateway(instance: Instance, namespace: str, name: str, *, awaited: bool) -> StatusRow:
    shown = name if namespace == instance.namespace else f"{namespace}/{name}"
    try:
        live = instance.client.get(Ref(GATEWAY_API_VERSION, GATEWAY, namespace, name))
    except DeniedError:
        return StatusRow(GATEWAY, shown, "in another namespace, which may not be read from here")
    if live is None:
        return StatusRow(GATEWAY, shown, "not found", is_fine=False)
    addresses = [str(entry.get("value")) for entry in (live.get("status") or {}).get("addresses") or []]
    text = ", ".join(addresses) or "no address"
    said = [condition(live, kind) for kind in ("Programmed", "Accepted")]
    if said[0].get("status") == "True":
        return StatusRow(GATEWAY, shown, text)
    # One that refuses a Gateway may leave out whether it is programmed.
    told = next((item for item in said if item.get("status") == "False"), said[0])
    reason = told.get("reason") or "no controller has said anything of it"
    # Nobody counts on a controller that reports, but one that reports trouble is heard.
    return StatusRow(GATEWAY, shown, f"{text}, {reason}", is_fine=not awaited and told.get("status") != "False")


def _route(route: Manifest, *, awaited: bool) -> StatusRow:
    name, said, is_fine = str(route["metadata"]["name"]), [], True
    for attachment in attachments(route):
        found = [attachment.condition(kind) for kind in ROUTE_CONDITIONS]
        refused = next((item for item in found if item.get("status") == "False"), None)
        if refused is not None:
            said.append(f"{attachment.place}: {refused.get('reason', 'refused')}")
            is_fine = False
        elif all(item.get("status") == "True" for item in found):
            said.append(f"accepted by {attachment.place}")
        else:
            said.append(f"{attachment.place}: not accepted yet")
            is_fine = is_fine and not awaited
    return StatusRow(ROUTE, name, "; ".join(said), is_fine=is_fine)
