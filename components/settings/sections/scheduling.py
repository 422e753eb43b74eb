"""Where the pods may run."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from components.settings.base import Section
from components.settings.problems import Problem
from components.settings.types import Kind, LabelValue, ObjectName, QualifiedName, WholeNumber


class Toleration(Section):
    """A taint that the pods put up with; field for field Kubernetes' own."""

    key: QualifiedName | None = Field(default=None, description="The taint's key; without it, every key.")
    operator: Literal["Exists", "Equal"] = Field(default="Equal", description="How the taint's value is compared.")
    value: LabelValue | None = Field(default=None, description="The taint's value, for `Equal`.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        default=None, description="The taint's effect; without it, every effect."
    )
    toleration_seconds: Annotated[WholeNumber, Field(ge=0), Kind("seconds")] | None = Field(
        default=None, description="How long a pod stays on a node tainted with `NoExecute`; without it, for ever."
    )

    def problems(self) -> Iterator[Problem]:
        """Combinations that Kubernetes refuses."""
        if self.operator == "Exists" and self.value is not None:
            yield Problem(path=("value",), text="goes with operator Equal only: remove it, or set operator to Equal")
        if self.operator == "Equal" and self.key is None:
            yield Problem(
                path=("key",), text="is required with operator Equal: name the taint's key, or set operator to Exists"
            )
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            yield Problem(
                path=("tolerationSeconds",), text="goes with effect NoExecute only: remove it, or set that effect"
            )


class SchedulingSettings(Section):
    """Where the pods of the stack may run; the same for all of them."""

    node_selector: dict[QualifiedName, LabelValue] = Field(
        default_factory=dict, description="Labels that a node must have."
    )
    tolerations: tuple[Toleration, ...] = Field(default=(), description="Taints that the pods tolerate.")
    priority_class_name: ObjectName | None = Field(default=None, description="Name of an existing PriorityClass.")

    def problems(self) -> Iterator[Problem]:
        """The same toleration twice, which the API server drops and every later run would try to add again."""
        for index, toleration in enumerate(self.tolerations):
            if toleration in self.tolerations[:index]:
                yield Problem(path=("tolerations", index), text="is given twice: remove one")
