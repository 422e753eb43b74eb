"""Containers with one program of the platform's own, which may show its metrics and its health."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    ContainerPortArgs,
    EnvVarArgs,
    HTTPGetActionArgs,
    ProbeArgs,
    VolumeMountArgs,
)

from components.kit.environment import listening
from components.kit.pods import requirements
from components.kit.security import container_security_context
from components.settings import Settings
from components.settings.resources import Resources

PORT: Final = "metrics"
"""What the port with metrics and health is called."""


@dataclass(frozen=True, kw_only=True)
class Serving:
    """How one that goes on shows its metrics and its health, on a port called `metrics`.

    Attributes:
        port: the port.
        path: what the probes ask for.
        ready: what the readiness probe asks for, where that is something else.
        startup: seconds between two questions of the startup probe, and how many may fail.
        readiness: the same of the readiness probe.
        liveness: the same of the liveness probe.
    """

    port: int
    path: str
    ready: str | None = None
    startup: tuple[int, int]
    readiness: tuple[int, int]
    liveness: tuple[int, int]


def program_container(
    settings: Settings,
    *,
    name: str,
    image: str,
    command: Sequence[str],
    env: Sequence[EnvVarArgs],
    resources: Resources,
    mounts: Sequence[VolumeMountArgs],
    serving: Serving | None = None,
) -> ContainerArgs:
    """The container. One that serves is told the family of addresses that it listens on.

    Args:
        settings: the stack's.
        name: its name.
        image: the image with what the program needs.
        command: what runs in it.
        env: its variables.
        resources: requests and limits.
        mounts: where its volumes are.
        serving: how it shows its metrics and its health, if it goes on.
    """
    return ContainerArgs(
        name=name,
        image=image,
        command=list(command),
        env=[*env, *([] if serving is None else listening(settings))],
        ports=None if serving is None else [ContainerPortArgs(name=PORT, container_port=serving.port)],
        startup_probe=None if serving is None else probe(serving.path, serving.startup),
        readiness_probe=None if serving is None else probe(serving.ready or serving.path, serving.readiness),
        liveness_probe=None if serving is None else probe(serving.path, serving.liveness),
        resources=requirements(resources),
        security_context=container_security_context(),
        volume_mounts=list(mounts),
    )


def probe(path: str, times: tuple[int, int]) -> ProbeArgs:
    """The probe that asks for `path`: seconds between two questions, and how many may fail."""
    get = HTTPGetActionArgs(path=path, port=PORT, scheme="HTTP")
    period, failures = times
    return ProbeArgs(http_get=get, period_seconds=period, timeout_seconds=5, failure_threshold=failures)
