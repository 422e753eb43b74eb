"""Where paths lead that are closed for a while: a Service without pods."""

from dataclasses import dataclass
from typing import Final

import pulumi

from components.kit import names
from components.kit.component import Component, name_of
from components.kit.services import empty_service

COMPONENT: Final = "closed"


@dataclass(frozen=True, kw_only=True)
class ClosedWayArgs:
    """The Service.

    Attributes:
        namespace: where it lives.
    """

    namespace: pulumi.Input[str]


class ClosedWay(Component):
    """The Service `flagsmith-closed`, which selects nothing and so has no endpoints.

    What leads to it is answered 503: the Gateway API says so, and controllers of Ingresses do so too. One that leaves
    out a path whose Service has no endpoints finds no other that matches, and answers 404.

    Attributes:
        service: the Service's name.
    """

    service: pulumi.Output[str]

    def __init__(self, name: str, args: ClosedWayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:ClosedWay", name, opts)
        service = empty_service(
            f"{name}-service",
            name=names.CLOSED,
            namespace=args.namespace,
            component=COMPONENT,
            port=names.API_PORT,
            opts=self.child(),
        )
        self.service = name_of(service)
        self.register_outputs({"service": self.service})
