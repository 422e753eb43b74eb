"""The namespace and the bounds on what its pods may use."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from components.settings.base import Section
from components.settings.object_metadata import ObjectMetadata
from components.settings.problems import NOT_SHOWN, Problem
from components.settings.quantities import parse_cpu, parse_memory
from components.settings.resources import Amount
from components.settings.types import Boolean, Count, Cpu, Kind, Memory, Text, is_dns_name


def _namespace(value: str) -> str:
    if "." in value or not is_dns_name(value):
        raise ValueError("must be a namespace's name: at most 63 lower-case letters, digits and hyphens")
    if value == "default" or value.startswith("kube-"):
        raise ValueError("is Kubernetes' own namespace: choose one that this stack alone uses, such as feature-flags")
    return value


NamespaceName = Annotated[Text, AfterValidator(_namespace), Kind("namespace name")]


class Quota(Section):
    """The ResourceQuota. Without bounds on CPU and memory it stops a run-away only, and load balancers of its own.

    It leaves room for what others make in the namespace: solvers of certificates, pods for debugging. The containers of
    a service mesh are not reckoned with: add theirs to bounds on CPU and memory.

    Lower a bound after the pods that need it are gone: Kubernetes counts them until then.
    """

    enabled: Boolean = Field(default=True, description="Whether there is a ResourceQuota.")
    requests_cpu: Cpu | None = Field(default=None, description="Sum of the CPU requests. Default: no limit.")
    requests_memory: Memory | None = Field(default=None, description="Sum of the memory requests. Default: no limit.")
    limits_cpu: Cpu | None = Field(default=None, description="Sum of the CPU limits. Default: no limit.")
    limits_memory: Memory | None = Field(default=None, description="Sum of the memory limits. Default: no limit.")
    pods: Count = Field(default=300, description="Number of pods.")
    persistent_volume_claims: Count | None = Field(
        default=None,
        description="Number of volume claims. Default: 10, or more if the servers of the stack's Clusters need more, "
        "including those in `postgres.cluster.kept` and the one of a drill.",
    )


class LimitRange(Section):
    """The LimitRange: what a container gets that asks for nothing, and the most that one may ask for."""

    default_request: Amount = Field(
        default=Amount(cpu="100m", memory="128Mi"), description="Requests of a container that has none of its own."
    )
    default: Amount = Field(
        default=Amount(cpu="500m", memory="512Mi"), description="Limits of a container that has none of its own."
    )
    max: Amount | None = Field(default=None, description="The most that a container's limits may be.")

    def problems(self) -> Iterator[Problem]:
        """Bounds in the wrong order, which the API server refuses."""
        for name, parse in (("cpu", parse_cpu), ("memory", parse_memory)):
            default = getattr(self.default, name)
            if parse(getattr(self.default_request, name)) > parse(default):
                yield Problem(
                    path=("defaultRequest", name),
                    text=f"must not be more than namespace.limitRange.default.{name}, {default}",
                )
            if self.max is not None and parse(default) > parse(getattr(self.max, name)):
                yield Problem(
                    path=("max", name), text=f"must not be less than namespace.limitRange.default.{name}, {default}"
                )


class NamespaceSettings(ObjectMetadata):
    """The namespace that the whole stack lives in."""

    name: NamespaceName = Field(default="feature-flags", description="Its name.")
    create: Boolean = Field(
        default=True,
        description="Whether the stack creates and deletes it. `false`: somebody else has made it, with its labels, "
        "quota and limits; see [worlds.md](worlds.md#a-namespace-of-the-platform-teams).",
    )
    quota: Quota = Field(default_factory=Quota, description="The ResourceQuota.")
    limit_range: LimitRange = Field(default_factory=LimitRange, description="The LimitRange.")

    def problems(self) -> Iterator[Problem]:
        """Keys of the program's own, and what belongs to whoever made the namespace."""
        yield from super().problems()
        if self.create:
            return
        for name in sorted({"labels", "annotations", "quota", "limit_range"} & self.model_fields_set):
            key = str(type(self).model_fields[name].alias)
            text = (
                "has no effect, because namespace.create is false: whoever made the namespace sets it. Remove the key"
            )
            yield Problem(path=(key,), value=NOT_SHOWN, text=text)
