"""Flagsmith's task processor: what the API puts off (webhooks, analytics, audit records) is done here."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.apps.v1 import (
    Deployment,
    DeploymentSpecArgs,
    DeploymentStrategyArgs,
    RollingUpdateDeploymentArgs,
)
from pulumi_kubernetes.core.v1 import EnvVarArgs
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components.flagsmith.pod import FlagsmithPodArgs, server_pod
from components.kit import names
from components.kit.component import Component, name_of
from components.kit.disruption import disruption_budget
from components.kit.service_accounts import service_account

COMPONENT: Final = "task-processor"
# What Flagsmith gives a recurring task by default, on 2.265.0.
TASK_SECONDS: Final = 1800


@dataclass(frozen=True, kw_only=True)
class TaskProcessorArgs:
    """The Deployment.

    Attributes:
        pod: what its pods are made from.
        namespace: where it runs.
        replicas: how many there are.
        threads: tasks that each of them does at a time; each may hold two database connections.
        idle_session_timeout: seconds after which PostgreSQL closes an idle connection of theirs; 0 for never.
        takes_options: whether nothing before the server may refuse the options of a connection, as poolers do.
    """

    pod: FlagsmithPodArgs
    namespace: pulumi.Input[str]
    replicas: int
    threads: int
    idle_session_timeout: int
    takes_options: bool


class TaskProcessor(Component):
    """The Deployment `flagsmith-task-processor`, with a disruption budget where it has several pods.

    It takes tasks from a table of the database; nothing calls it.

    Attributes:
        deployment: the Deployment's name.
    """

    deployment: pulumi.Output[str]

    def __init__(self, name: str, args: TaskProcessorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:TaskProcessor", name, opts)
        # What limits the statements of the role is meant for requests.
        settings = {"idle_session_timeout": args.idle_session_timeout, "statement_timeout": TASK_SECONDS}
        stated = " ".join(f"-c {name}={seconds}s" for name, seconds in settings.items() if seconds)
        options = [EnvVarArgs(name="PGOPTIONS", value=stated)] if args.takes_options else []
        command = [*args.pod.release.task_processor, "--numthreads", str(args.threads)]
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        deployment = Deployment(
            f"{name}-deployment",
            metadata=ObjectMetaArgs(
                name=names.TASK_PROCESSOR,
                namespace=args.namespace,
                labels=names.labels(COMPONENT, args.pod.release.version),
            ),
            spec=DeploymentSpecArgs(
                replicas=args.replicas,
                selector=LabelSelectorArgs(match_labels=names.selector(COMPONENT)),
                strategy=DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=RollingUpdateDeploymentArgs(max_surge=1, max_unavailable=0),
                ),
                template=server_pod(
                    args.pod, component=COMPONENT, container="task-processor", command=command, env=options
                ),
            ),
            opts=self.child(account),
        )
        if args.replicas > 1:
            disruption_budget(
                f"{name}-disruption-budget",
                name=names.TASK_PROCESSOR,
                namespace=args.namespace,
                component=COMPONENT,
                version=args.pod.release.version,
                opts=self.child(),
            )
        self.deployment = name_of(deployment)
        self.register_outputs({"deployment": self.deployment})
