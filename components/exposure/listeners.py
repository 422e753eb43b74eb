"""The listeners of a Gateway, and to which of them the routes are attached."""

from typing import Any, Final

from components.kit import names
from components.settings import Settings
from components.settings.sections.gateway import ParentReference

HTTP: Final = "http"
HTTPS: Final = "https"


def listener(host: str, protocol: str, index: int, port: int) -> dict[str, Any]:
    """The listener of one host, for HTTP or HTTPS."""
    return {
        "name": listener_name(protocol, index),
        "hostname": host,
        "port": port,
        "protocol": protocol.upper(),
        # Routes of the namespace alone: the stack's, and those by which cert-manager answers a challenge.
        "allowedRoutes": {"namespaces": {"from": "Same"}},
    }


def listener_name(protocol: str, index: int) -> str:
    """The listener of a host, by its place: a listener has one name, and cert-manager looks for it there."""
    return protocol if index == 0 else f"{protocol}-{index + 1}"


def _own(settings: Settings, protocol: str) -> tuple[ParentReference, ...]:
    """The listeners of the stack's own Gateway, one for each host."""
    found = (listener_name(protocol, index) for index, _ in enumerate(settings.hosts))
    return tuple(ParentReference(name=names.API, sectionName=name) for name in found)


def parents(settings: Settings) -> tuple[ParentReference, ...]:
    """Where the route is attached."""
    gateway = settings.gateway
    return _own(settings, HTTPS if gateway.ends_tls else HTTP) if gateway.is_own else gateway.parent_refs


def redirected(settings: Settings) -> tuple[ParentReference, ...]:
    """Where plain HTTP comes in that is redirected; nothing where none is."""
    gateway = settings.gateway
    if not gateway.is_own:
        return gateway.redirect_from
    return _own(settings, HTTP) if gateway.ends_tls and gateway.redirect else ()
