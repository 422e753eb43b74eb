"""Rules of the way in by the Gateway API: log-ins and keys do not cross the network unencrypted."""

from collections.abc import Iterator
from typing import Any

from policies.model import MISSING, Enforcement, Finding, Manifest, Object, Objects, Rule, Scope
from policies.rules.ingress import ENDED_BY, LOOPBACK
from policies.unknown import apart

ELSEWHERE = ("controller", "upstream")


def _tls(objects: Objects) -> Iterator[Finding]:
    gateways = list(objects.of("Gateway"))
    for gateway in gateways:
        yield from apart(_have_certificates(gateway))
    for route in objects.of("HTTPRoute"):
        yield from apart(_is_encrypted(route, gateways))


def _ended_by(item: Object) -> Any:
    return (item.metadata.get("annotations") or {}).get(ENDED_BY)


def _have_certificates(gateway: Object) -> Iterator[Finding]:
    if _ended_by(gateway) in ELSEWHERE:
        return
    for listener in gateway.spec.get("listeners") or ():
        if listener.get("protocol") == "HTTPS" and not (listener.get("tls") or {}).get("certificateRefs"):
            path = f"spec.listeners[{listener.get('name')}].tls.certificateRefs"
            yield Finding(gateway, path, MISSING, "a Secret with the certificate")


def _is_encrypted(route: Object, gateways: list[Object]) -> Iterator[Finding]:
    """A route that forwards is attached to listeners for HTTPS alone; one that only redirects may be to any."""
    forwards = any(rule.get("backendRefs") for rule in route.spec.get("rules") or ())
    hosts = [str(host) for host in route.spec.get("hostnames") or ()] or [""]
    if not forwards or all(host.endswith(LOOPBACK) for host in hosts) or _ended_by(route) in ELSEWHERE:
        return
    for index, parent in enumerate(route.spec.get("parentRefs") or ()):
        yield from apart(_by_parent(route, index, parent, gateways))


def _by_parent(route: Object, index: int, parent: Manifest, gateways: list[Object]) -> Iterator[Finding]:
    path = f"spec.parentRefs[{index}]"
    namespace = parent.get("namespace") or route.namespace
    found = next((item for item in gateways if (item.name, item.namespace) == (parent.get("name"), namespace)), None)
    if found is None:
        value = f"{namespace}/{parent.get('name')}"
        yield Finding(
            route, path, value, f"with the annotation {ENDED_BY}, since this Gateway is not among the objects"
        )
    elif _ended_by(found) != "upstream":
        for listener in found.spec.get("listeners") or ():
            if _is_meant(parent, listener) and listener.get("protocol") == "HTTP":
                yield Finding(route, path, str(listener.get("name")), "a listener with the protocol HTTPS")


def _is_meant(parent: Manifest, listener: Manifest) -> bool:
    by_name = parent.get("sectionName") in (None, listener.get("name"))
    return by_name and parent.get("port") in (None, listener.get("port"))


def _elsewhere(objects: Objects) -> Iterator[Finding]:
    return iter(()) if objects.production else _tls(objects)


RULES = (
    Rule(
        id="gateway-tls",
        title="In production every HTTPRoute to a Service is on a listener with a certificate",
        description="On one for plain HTTP, passwords and server-side keys cross the network unencrypted. Where the "
        f"Gateway is somebody else's, or TLS ends before it, the annotation {ENDED_BY} says so.",
        enforcement=Enforcement.MANDATORY,
        remedy="Set `gateway.tls.from`, and name a listener for HTTPS in `gateway.parentRefs`.",
        check=_tls,
        scope=Scope.STACK,
        production_only=True,
    ),
    Rule(
        id="gateway-tls-elsewhere",
        title="Outside production, too, every HTTPRoute to a Service is on a listener with a certificate",
        description="As in production. Names below .localhost, which mean this machine, are let be.",
        enforcement=Enforcement.ADVISORY,
        remedy="Set `gateway.tls.from`.",
        check=_elsewhere,
        scope=Scope.STACK,
    ),
)
