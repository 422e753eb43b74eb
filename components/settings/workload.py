"""How much the containers get, how many there are, and where their pods may run."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from components.settings.base import Section
from components.settings.problems import Problem
from components.settings.quantities import parse_cpu, parse_memory
from components.settings.types import Count, Cpu, Kind, LabelValue, Memory, ObjectName, QualifiedName, Seconds
from components.settings.types import WholeNumber as Whole


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
    limits: Amount = Field(description="What the container may use at most.")

    def problems(self) -> Iterator[Problem]:
        """Requests above limits."""
        for name, parse in (("cpu", parse_cpu), ("memory", parse_memory)):
            request, limit = getattr(self.requests, name), getattr(self.limits, name)
            if parse(request) > parse(limit):
                yield Problem(
                    path=("requests", name), text=f"must not be more than limits.{name}, {limit}: lower one or raise it"
                )


class Gunicorn(Section):
    """The API's web server, in each pod."""

    workers: Count | None = Field(
        default=None, description="Processes. Default: the CPU limit of `resources`, at least 2."
    )
    threads: Count | None = Field(
        default=None, description="Threads a worker, at least 2. Default: 2; more cost tail latency (measured)."
    )
    timeout: Seconds = Field(default=30, description="Seconds after which a silent worker is killed.")

    def problems(self) -> Iterator[Problem]:
        """One thread: the worker then answers on the connection that its parent opened, as all its siblings do.

        Seen on 2.265.0: Flagsmith asks the database before gunicorn forks, and with one thread the workers inherit
        that socket. Under load answers got mixed up and requests failed; request threads open connections of their own.
        """
        if self.threads == 1:
            yield Problem(
                path=("threads",),
                text="must be at least 2: with one thread, gunicorn's workers share a database connection that "
                "Flagsmith opened before they were started, and their answers get mixed up",
            )


class TaskProcessor(Section):
    """The pods that work off the queue of tasks (webhooks, audit log, clean-up)."""

    replicas: Count | None = Field(default=None, description="Pods. Default: by `size`.")
    threads: Count = Field(default=5, description="Tasks that a pod does at once; each can hold two connections.")
    idle_session_timeout: Annotated[Whole, Field(ge=0, le=3600), Kind("seconds")] = Field(
        default=5,
        description="After how many seconds PostgreSQL closes a pod's connection that does nothing: Flagsmith leaves "
        "one open for every task it did. 0 never does; that is needed for PostgreSQL 13 and older, and behind poolers "
        "that refuse options (PgBouncer).",
    )
    resources: Resources | None = Field(default=None, description="Requests and limits. Default: by `size`.")


class Toleration(Section):
    """A taint that the pods put up with; field for field Kubernetes' own."""

    key: QualifiedName | None = Field(default=None, description="The taint's key; without it, every key.")
    operator: Literal["Exists", "Equal"] = Field(default="Equal", description="How the taint's value is compared.")
    value: LabelValue | None = Field(default=None, description="The taint's value, for `Equal`.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        default=None, description="The taint's effect; without it, every effect."
    )
    toleration_seconds: Annotated[Whole, Field(ge=0), Kind("seconds")] | None = Field(
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


class Scheduling(Section):
    """Where the pods of the stack may run; the same for all of them."""

    node_selector: dict[QualifiedName, LabelValue] = Field(
        default_factory=dict, description="Labels that a node must have."
    )
    tolerations: tuple[Toleration, ...] = Field(default=(), description="Taints that the pods put up with.")
    priority_class_name: ObjectName | None = Field(default=None, description="Name of an existing PriorityClass.")

    def problems(self) -> Iterator[Problem]:
        """The same toleration twice, which the API server drops and every later run would try to add again."""
        for index, toleration in enumerate(self.tolerations):
            if toleration in self.tolerations[:index]:
                yield Problem(path=("tolerations", index), text="is given twice: remove one")
