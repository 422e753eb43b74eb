"""How many API pods an autoscaler may run."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from components.settings.base import Section
from components.settings.problems import Problem
from components.settings.types import Boolean, Count, Kind, WholeNumber

TargetCpu = Annotated[WholeNumber, Field(ge=10, le=95), Kind("percent, 10 to 95")]

ENABLED_ONLY = frozenset({"min_replicas", "max_replicas", "target_cpu"})


class AutoscalingSettings(Section):
    """A HorizontalPodAutoscaler in place of a fixed number of API pods; its range is the vendor's by default.

    Off unless it is asked for, in every size: it needs a metrics server, which many clusters lack, and without one it
    would stay at its minimum for ever, saying so in its conditions only.
    """

    enabled: Boolean = Field(
        default=False,
        description="Whether an autoscaler sets the number of API pods; `replicas` must then be left out.",
    )
    min_replicas: Count | None = Field(default=None, description="The fewest API pods. Default: by `size`.")
    max_replicas: Count | None = Field(
        default=None, description="The most API pods; quota and connections are calculated with it. Default: by `size`."
    )
    target_cpu: TargetCpu = Field(
        default=60,
        description="The share of its CPU limit that a pod should use on average. Above it, pods are added; "
        "below it, they are slowly removed.",
    )

    def problems(self) -> Iterator[Problem]:
        """A range without an autoscaler."""
        if not self.enabled:
            yield from self.wrong_mode(
                section="autoscaling", mode="false", owner="true", fields=ENABLED_ONLY, key="enabled"
            )
