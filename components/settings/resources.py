"""Amounts of CPU and memory, and what a container is promised and allowed of them."""

from collections.abc import Iterator

from pydantic import Field

from components.settings.base import Section
from components.settings.problems import Problem
from components.settings.quantities import parse_cpu, parse_memory
from components.settings.types import Cpu, Memory


class Amount(Section):
    """An amount of CPU and memory."""

    cpu: Cpu = Field(description="CPU, such as `500m` or `2`.")
    memory: Memory = Field(description="Memory, such as `512Mi`.")

    def as_dict(self) -> dict[str, str]:
        """The amount by Kubernetes' resource names."""
        return {"cpu": self.cpu, "memory": self.memory}


class Resources(Section):
    """What a container is promised (requests) and what it may use at most (limits); both are required."""

    requests: Amount = Field(description="What the scheduler reserves for the container.")
    limits: Amount = Field(
        description="What the container may use at most. Too little to work is refused; docs/capacity.md has the "
        "minimum."
    )

    def problems(self) -> Iterator[Problem]:
        """Requests above limits."""
        for name, parse in (("cpu", parse_cpu), ("memory", parse_memory)):
            request, limit = getattr(self.requests, name), getattr(self.limits, name)
            if parse(request) > parse(limit):
                yield Problem(
                    path=("requests", name), text=f"must not be more than limits.{name}, {limit}: lower one or raise it"
                )
