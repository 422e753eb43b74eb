"""The Gateway API's kinds that the stack has, without anything that takes long to import."""

from typing import Final

COMPONENT: Final = "gateway"
GATEWAY: Final = "Gateway"
ROUTE: Final = "HTTPRoute"
