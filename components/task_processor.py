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
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components import metadata
from components.component import Component
from components.flagsmith_pod import FlagsmithPodArgs, server_pod

COMPONENT: Final = "task-processor"


@dataclass(frozen=True, kw_only=True)
class TaskProcessorArgs:
    """The Deployment.

    Attributes:
        pod: what its pods are made from.
        namespace: where it runs.
        replicas: how many there are.
        threads: tasks that each of them does at a time; each may hold a database connection.
    """

    pod: FlagsmithPodArgs
    namespace: pulumi.Input[str]
    replicas: int
    threads: int


class TaskProcessor(Component):
    """The Deployment `flagsmith-task-processor`. It takes tasks from a table of the database; nothing calls it."""

    def __init__(self, name: str, args: TaskProcessorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        command = [*args.pod.release.task_processor, "--numthreads", str(args.threads)]
        Deployment(
            f"{name}-deployment",
            metadata=ObjectMetaArgs(
                name=metadata.TASK_PROCESSOR,
                namespace=args.namespace,
                labels=metadata.labels(COMPONENT, args.pod.release.version),
            ),
            spec=DeploymentSpecArgs(
                replicas=args.replicas,
                selector=LabelSelectorArgs(match_labels=metadata.selector(COMPONENT)),
                strategy=DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=RollingUpdateDeploymentArgs(max_surge=1, max_unavailable=0),
                ),
                template=server_pod(args.pod, component=COMPONENT, container="task-processor", command=command),
            ),
            opts=self.child(),
        )
        self.register_outputs({})
