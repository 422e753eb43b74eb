"""The way in by the Gateway API: its class, the Gateway, and what controllers say of the routes."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from components.exposure.gateway_kinds import COMPONENT, GATEWAY, ROUTE
from components.kit import names
from components.kit.names import GATEWAY_API_VERSION
from flagops.commands.doctor.ingress import unresolved_names
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.kubernetes.attached import Attachment, attachments
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.readiness import ROUTE_CONDITIONS, condition
from flagops.kubernetes.refusals import DeniedError, UnknownKindError

CLASS: Final = "GatewayClass"
GATEWAY_CONDITIONS: Final = ("Accepted", "Programmed")
OURS: Final = f"{names.COMPONENT}={COMPONENT}"


def gateway(examination: Examination) -> Iterator[DoctorFinding]:
    """A route of the Gateway API that leads nowhere, and why."""
    instance = examination.instance
    settings = instance.settings.gateway
    # The local cluster has no implementation, unless the settings count on one.
    if not settings.enabled or not (instance.is_published or settings.await_conditions):
        return
    try:
        routes = instance.items(GATEWAY_API_VERSION, ROUTE, labelSelector=OURS)
    except UnknownKindError:
        yield _no_gateway_api(examination)
        return
    faults = [*_of_gateways(examination)]
    if not faults:
        faults = [
            finding
            for route in routes
            for attachment in attachments(route)
            for finding in _of_route(examination, route, attachment)
        ]
    faults += _data_plane(examination)
    yield from faults
    if routes and not faults:
        yield from unresolved_names(examination)


def _no_gateway_api(examination: Examination) -> DoctorFinding:
    return DoctorFinding(
        "gateway-api-missing",
        "The cluster does not know the Gateway API, and gateway.enabled counts on it.",
        (f"{ROUTE} of {GATEWAY_API_VERSION} is not served",),
        f"install its standard channel and an implementation, then ff up --stack {examination.instance.stack.name}",
    )


def _of_gateways(examination: Examination) -> Iterator[DoctorFinding]:
    """The Gateways, and their classes: of one whose class is at fault nothing else is told."""
    own = examination.instance.settings.gateway.class_name
    gateways = list(_gateways(examination))
    named = {item["spec"].get("gatewayClassName") for _, item in gateways if item is not None}
    faults = [finding for name in sorted({own} if own else named) for finding in _of_class(examination, name)]
    yield from faults or (finding for item in gateways for finding in _of_gateway(examination, *item))


def _of_class(examination: Examination, wanted: str) -> Iterator[DoctorFinding]:
    """A class that is not there, without a controller, or refused by it."""
    instance = examination.instance
    try:
        known = instance.client.list(GATEWAY_API_VERSION, CLASS, "")
    except DeniedError:
        return
    found = next((item for item in known if item["metadata"]["name"] == wanted), None)
    if found is None:
        listed = ", ".join(str(item["metadata"]["name"]) for item in known) or "none"
        yield DoctorFinding(
            "gateway-class-missing",
            f"There is no GatewayClass {wanted}.",
            (f"the cluster has: {listed}",),
            f"install the implementation, or set gateway.className in Pulumi.{instance.stack.name}.yaml"
            if instance.settings.gateway.is_own
            else "tell who keeps the Gateway: its class is gone (kubectl get gatewayclass)",
        )
        return
    accepted = condition(found, "Accepted")
    if accepted.get("status") == "True":
        return
    controller = found.get("spec", {}).get("controllerName", "")
    is_alone = accepted.get("status") != "False"
    yield DoctorFinding(
        "gateway-class-without-controller" if is_alone else "gateway-class-refused",
        f"No controller has taken up the GatewayClass {wanted}."
        if is_alone
        else f"The controller refuses the GatewayClass {wanted}.",
        (f"controllerName {controller}", *_said("Accepted", accepted)),
        f"start the controller {controller}, or use another class (kubectl get gatewayclass)"
        if is_alone
        else f"{instance.kubectl} describe gatewayclass {wanted}",
    )


def _gateways(examination: Examination) -> Iterator[tuple[Ref, Manifest | None]]:
    """The Gateways that the routes are attached to, as far as one may look."""
    instance = examination.instance
    settings = instance.settings.gateway
    places = {(parent.namespace or instance.namespace, parent.name) for parent in settings.parent_refs}
    for namespace, name in sorted(places) if places else [(instance.namespace, names.API)]:
        reference = Ref(GATEWAY_API_VERSION, GATEWAY, namespace, name)
        with suppress(DeniedError):
            yield reference, instance.client.get(reference)


def _of_gateway(examination: Examination, reference: Ref, live: Manifest | None) -> Iterator[DoctorFinding]:
    instance = examination.instance
    place = f"{reference.namespace}/{reference.name}"
    if live is None:
        yield DoctorFinding(
            "gateway-missing",
            f"There is no Gateway {place}.",
            (f"{GATEWAY} {place}: not found",),
            f"set gateway.parentRefs in Pulumi.{instance.stack.name}.yaml to one of kubectl get gateway -A"
            if instance.settings.gateway.parent_refs
            else f"ff up --stack {instance.stack.name}",
        )
        return
    if condition(live, "Programmed").get("status") == "True":
        return
    yield DoctorFinding(
        "gateway-not-programmed",
        f"The Gateway {place} is not in service.",
        (
            *(_of_itself(live) or ("no controller has said anything of it",)),
            *_listeners(live),
        ),
        f"{_kubectl(examination, reference.namespace)} describe gateway {reference.name}",
    )


def _of_itself(live: Manifest) -> tuple[str, ...]:
    """What a controller says of the Gateway; one that refuses it may leave out whether it is programmed."""
    return tuple(line for kind in GATEWAY_CONDITIONS for line in _said(kind, condition(live, kind)))


def _listeners(live: Manifest) -> Iterator[str]:
    for listener in (live.get("status") or {}).get("listeners") or []:
        for found in listener.get("conditions") or []:
            # A conflict is bad when it is there, all else when it is not.
            if found.get("status") == ("True" if found.get("type") == "Conflicted" else "False"):
                yield f"listener {listener.get('name')}: {_words(found)}"


def _of_route(examination: Examination, route: Manifest, attachment: Attachment) -> Iterator[DoctorFinding]:
    name = route["metadata"]["name"]
    if not any(attachment.condition(kind) for kind in ROUTE_CONDITIONS):
        yield DoctorFinding(
            "route-unseen",
            f"No controller has said anything of the HTTPRoute {name} at the Gateway {attachment.place}.",
            ("status.parents has no entry for it", *examination.said_of(name)),
            "look whether the Gateway's controller runs, and that it serves this version of the Gateway API",
        )
        return
    for kind in ROUTE_CONDITIONS:
        found = attachment.condition(kind)
        if found and found.get("status") != "True":
            yield _refused(examination, name, attachment, found)


def _refused(examination: Examination, name: str, attachment: Attachment, found: Mapping[str, Any]) -> DoctorFinding:
    instance, reason = examination.instance, str(found.get("reason", ""))
    host, stack = instance.settings.host, instance.stack.name
    look = _look(examination, attachment)
    word, what, fix = {
        "NotAllowedByListeners": (
            "route-not-allowed",
            f"admits no HTTPRoutes of the namespace {instance.namespace}",
            f"{look}   (allowedRoutes of its listener must admit this namespace: ask who keeps it)",
        ),
        "NoMatchingListenerHostname": (
            "route-hostname",
            f"has no listener for the name {host}",
            f"{look}   (a listener's hostname must be {host}, a wildcard of it, or left out)",
        ),
        "NoMatchingParent": (
            "route-parent",
            "has no such listener",
            f"{look}   (name one of its listeners in gateway.parentRefs in Pulumi.{stack}.yaml)",
        ),
        "RefNotPermitted": (
            "route-reference",
            "may not use what the route refers to in another namespace",
            "make a ReferenceGrant in that namespace, or keep the Service in the namespace of the route",
        ),
        "BackendNotFound": (
            "route-backend",
            f"finds no Service that the HTTPRoute {name} leads to",
            f"{instance.kubectl} get service, then ff up --stack {stack}",
        ),
    }.get(
        reason,
        ("route-refused", f"does not take the HTTPRoute {name}", f"{instance.kubectl} describe httproute {name}"),
    )
    return DoctorFinding(word, f"The Gateway {attachment.place} {what}.", (f"{ROUTE} {name}: {_words(found)}",), fix)


def _look(examination: Examination, attachment: Attachment) -> str:
    namespace = attachment.parent.get("namespace") or examination.instance.namespace
    return f"{_kubectl(examination, str(namespace))} get gateway {attachment.parent['name']} -o yaml"


def _kubectl(examination: Examination, namespace: str) -> str:
    """How a command for kubectl begins in a namespace that may be another one than the stack's."""
    instance = examination.instance
    return f"{instance.kubectl.removesuffix(instance.namespace)}{namespace}"


def _data_plane(examination: Examination) -> Iterator[DoctorFinding]:
    """Policies that let in pods which are not there: whatever carries the traffic is cut off."""
    instance = examination.instance
    network = instance.settings.network_policy
    if not instance.settings.isolated or network.gateway_namespace is None or network.gateway_cidrs:
        return
    wanted = ",".join(f"{key}={value}" for key, value in network.gateway_pod_labels.items())
    try:
        pods = instance.client.list(
            "v1", "Pod", network.gateway_namespace, **({"labelSelector": wanted} if wanted else {})
        )
    except DeniedError:
        return
    if any(pod.get("status", {}).get("phase") == "Running" for pod in pods):
        return
    labelled = f" with the labels {wanted}" if wanted else ""
    yield DoctorFinding(
        "gateway-cut-off",
        "The network policies let in a data plane that is not there, so the Gateway's own is cut off.",
        (f"no pod runs in the namespace {network.gateway_namespace}{labelled}",),
        f"set networkPolicy.gatewayNamespace and gatewayPodLabels in Pulumi.{instance.stack.name}.yaml to where the "
        f"Gateway's pods run (docs/worlds.md), then ff up --stack {instance.stack.name}",
    )


def _said(kind: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    return (_words({"type": kind, **found}),) if found else ()


def _words(found: Mapping[str, Any]) -> str:
    text = f"{found.get('type')} is {found.get('status')}: {found.get('reason', '')}: {found.get('message', '')}"
    return text.rstrip(": ")
