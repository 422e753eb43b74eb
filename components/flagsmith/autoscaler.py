"""The autoscaler of the API."""

from dataclasses import dataclass
from typing import Final

import pulumi

from components.kit import names
from components.kit.autoscaling import autoscaler
from components.kit.component import Component, name_of
from components.settings import Settings

COMPONENT: Final = "api"


@dataclass(frozen=True, kw_only=True)
class AutoscalerArgs:
    """The autoscaler.

    Attributes:
        settings: the stack's.
        namespace: where the Deployment is.
    """

    settings: Settings
    namespace: pulumi.Input[str]


class Autoscaler(Component):
    """The HorizontalPodAutoscaler `flagsmith`.

    It is there before the Deployment leaves its number of replicas to it.

    Attributes:
        autoscaler: the HorizontalPodAutoscaler's name.
    """

    autoscaler: pulumi.Output[str]

    def __init__(self, name: str, args: AutoscalerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:Autoscaler", name, opts)
        made = autoscaler(
            f"{name}-autoscaler",
            name=names.API,
            namespace=args.namespace,
            component=COMPONENT,
            fewest=args.settings.resolved_replicas,
            most=args.settings.most_replicas,
            cpu=args.settings.target_cpu,
            opts=self.child(),
        )
        self.autoscaler = name_of(made)
        self.register_outputs({"autoscaler": self.autoscaler})
