"""Pods whose one program does nothing but ask the database: a Job's, or one that goes on and serves what it found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import EnvVarArgs, PodTemplateSpecArgs

from components.kit.database_client import Connections, database_environment, postgres_volumes
from components.kit.pods import Mounted, pod_template
from components.kit.programs import Serving, program_container
from components.kit.secret_refs import checksum_annotations
from components.settings import Settings
from components.settings.resources import Resources

PLAIN_TABLES: Final = Path(__file__).parent / "in_pod" / "plain_tables.py"
"""The script that readers of tables bring along: it refuses what stands in the place of a table."""


@dataclass(frozen=True, kw_only=True)
class DatabaseClientArgs:
    """What a pod that asks the database is made from: Flagsmith's own, or another's.

    Attributes:
        settings: the stack's.
        namespace: where it runs.
        connections: the database, as the role that the pod logs in as, and how its certificate is checked.
        annotations: those by which Prometheus finds the pod, if it goes on, where there is no PodMonitor.
    """

    settings: Settings
    namespace: pulumi.Input[str]
    connections: Connections
    annotations: Mapping[str, str] = field(default_factory=dict)


def database_pod(
    args: DatabaseClientArgs,
    *,
    component: str,
    image: str,
    version: str,
    resources: Resources,
    user: int,
    container: str,
    command: Sequence[str],
    env: Sequence[EnvVarArgs] = (),
    volumes: Sequence[Mounted],
    secrets: Sequence[Mounted] = (),
    grace_period_seconds: int,
    serving: Serving | None = None,
) -> PodTemplateSpecArgs:
    """The pod. One that serves nothing is a Job's; one that does restarts with the Secret that it logs in by.

    Args:
        args: what it is made from.
        component: what it is.
        image: the image with its programs and PostgreSQL's driver: Flagsmith's, or PostgreSQL's own.
        version: the image's, as a label.
        resources: requests and limits.
        user: the numeric user and group of its image.
        container: its container's name.
        command: what runs in it.
        env: its variables, besides those of the database.
        volumes: its volumes, such as that of its scripts, besides those of the database.
        secrets: those with files of Secrets.
        grace_period_seconds: how long it may take to stop.
        serving: how it shows its metrics and its health.
    """
    mounted = [*volumes, *postgres_volumes(args.connections), *secrets]
    made = program_container(
        args.settings,
        name=container,
        image=image,
        command=command,
        env=[*database_environment(args.connections), *env],
        resources=resources,
        mounts=[mount for _, mount in mounted],
        serving=serving,
    )
    found = {} if serving is None else {**checksum_annotations(args.connections.postgres), **args.annotations}
    return pod_template(
        component=component,
        version=version,
        settings=args.settings,
        user=user,
        container=made,
        volumes=[volume for volume, _ in mounted],
        annotations=found,
        grace_period_seconds=grace_period_seconds,
        restart_policy="Never" if serving is None else "Always",
    )
