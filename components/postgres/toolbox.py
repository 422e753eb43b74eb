"""Where the operator's SQL prompt runs when the database is outside the cluster: its programs and its address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import ContainerArgs, PodTemplateSpecArgs

from components.kit import names
from components.kit.component import Component
from components.kit.cron_jobs import job_template
from components.kit.database_client import Connections, database_environment, postgres_volumes
from components.kit.pods import EmptyDir, Placement, pod_template, requirements
from components.kit.security import container_security_context
from components.kit.service_accounts import service_account
from components.postgres.server import USER
from components.settings.workload import Resources

COMPONENT: Final = "toolbox"
# A working day: who has not left by then has forgotten it.
DEADLINE_SECONDS: Final = 8 * 3600
# Whoever opens a prompt comes within seconds; the container ends with the Job, which `ff` deletes.
IDLE: Final = ("sleep", str(DEADLINE_SECONDS))
HOME: Final = EmptyDir(name="tmp", path="/tmp", size_limit="64Mi")  # noqa: S108 a mount of the pod's own


@dataclass(frozen=True, kw_only=True)
class ToolboxArgs:
    """The pod with PostgreSQL's programs.

    Attributes:
        namespace: where it runs.
        image: PostgreSQL's image.
        version: its version, as a label.
        connections: the database, and how its certificate is checked.
        resources: requests and limits.
        placement: where it runs.
    """

    namespace: pulumi.Input[str]
    image: str
    version: str
    connections: Connections
    resources: Resources
    placement: Placement


def toolbox_pod(args: ToolboxArgs, command: Sequence[str] = IDLE) -> PodTemplateSpecArgs:
    """The pod template."""
    authority = postgres_volumes(args.connections)
    return pod_template(
        component=COMPONENT,
        version=args.version,
        placement=args.placement,
        user=USER,
        container=ContainerArgs(
            name="toolbox",
            image=args.image,
            command=list(command),
            env=database_environment(args.connections),
            resources=requirements(args.resources),
            security_context=container_security_context(),
            volume_mounts=[HOME.mount(), *(mount for _, mount in authority)],
        ),
        volumes=[HOME.volume(), *(volume for volume, _ in authority)],
        annotations={},
        grace_period_seconds=5,
        restart_policy="Never",
    )


class Toolbox(Component):
    """The suspended CronJob `flagsmith-toolbox`, from which `ff db psql` makes its pod."""

    def __init__(self, name: str, args: ToolboxArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        job_template(
            f"{name}-template",
            name=names.TOOLBOX,
            namespace=args.namespace,
            component=COMPONENT,
            version=args.version,
            template=toolbox_pod(args),
            deadline_seconds=DEADLINE_SECONDS,
            opts=self.child(account),
        )
        self.register_outputs({})
