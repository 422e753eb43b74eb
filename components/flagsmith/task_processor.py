"""Flagsmith's task processor: what the API puts off (webhooks, analytics, audit records) is done here."""

from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import EnvVarArgs

from components.flagsmith.pod import server_pod
from components.kit import names
from components.kit.component import Component, name_of
from components.kit.database_pods import DatabaseClientArgs
from components.kit.disruption import disruption_budget
from components.kit.rolling import rolling
from components.kit.service_accounts import service_account
from components.kit.shutdown import worker_grace_period
from components.settings.rollouts import surge

COMPONENT: Final = "task-processor"
# What Flagsmith gives a recurring task by default, on 2.265.0.
TASK_SECONDS: Final = 1800


class TaskProcessor(Component):
    """The Deployment `flagsmith-task-processor`, with a disruption budget where it has several pods.

    It takes tasks from a table of the database; nothing calls it.

    Attributes:
        deployment: the Deployment's name.
    """

    deployment: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseClientArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:TaskProcessor", name, opts)
        settings, wanted = args.settings, args.settings.task_processor
        release, replicas = settings.release, settings.task_processor_replicas
        # What limits the statements of the role is meant for requests.
        limits = {"idle_session_timeout": settings.task_idle_session_timeout, "statement_timeout": TASK_SECONDS}
        stated = " ".join(f"-c {name}={seconds}s" for name, seconds in limits.items() if seconds)
        # What stands before an external server, as poolers do, may refuse options, unless somebody asked for one.
        takes_options = settings.postgres.is_own or wanted.idle_session_timeout != 0
        options = [EnvVarArgs(name="PGOPTIONS", value=stated)] if takes_options else []
        taken = ["--queuepopsize", str(wanted.queue_pop_size)]
        command = [*release.task_processor, "--numthreads", str(wanted.threads), *taken]
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        deployment = rolling(
            f"{name}-deployment",
            name=names.TASK_PROCESSOR,
            namespace=args.namespace,
            component=COMPONENT,
            version=release.version,
            # While the database moves, tasks wait.
            replicas=0 if settings.postgres.stops_writes else replicas,
            most=replicas,
            added=surge(replicas),
            template=server_pod(
                args,
                component=COMPONENT,
                container="task-processor",
                command=command,
                grace_period_seconds=worker_grace_period(wanted.queue_pop_size),
                env=options,
            ),
            opts=self.child(account),
        )
        if replicas > 1:
            disruption_budget(
                f"{name}-disruption-budget",
                name=names.TASK_PROCESSOR,
                namespace=args.namespace,
                component=COMPONENT,
                version=release.version,
                opts=self.child(),
            )
        self.deployment = name_of(deployment)
        self.register_outputs({"deployment": self.deployment})
