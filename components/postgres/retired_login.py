"""The end of a rotation of Flagsmith's log-in to the embedded PostgreSQL: the role before can no longer log in."""

import pulumi
from pulumi_kubernetes.core.v1 import EnvVarArgs

from components.kit import names
from components.kit.component import Component, name_of
from components.kit.jobs import run_once
from components.kit.shutdown import grace_period, worker_grace_period
from components.postgres.roles import COMPONENT, DEADLINE_SECONDS, DatabaseRolesArgs, administrator, pod


class RetiredLogin(Component):
    """The Job `flagsmith-retire-<hash>`, which runs once the API and the task processor log in as the other role.

    Attributes:
        job: the Job's name.
    """

    job: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseRolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:RetiredLogin", name, opts)
        stopping = grace_period(args.settings.gunicorn.timeout)
        finishing = max(0, worker_grace_period(args.settings.task_processor.queue_pop_size) - stopping)
        env = [
            *administrator(args),
            args.application.env("LOGIN", "username"),
            EnvVarArgs(name="GRACE_SECONDS", value=str(stopping)),
            EnvVarArgs(name="WORKER_SECONDS", value=str(finishing)),
        ]
        job = run_once(
            f"{name}-job",
            name=names.RETIRE,
            namespace=args.namespace,
            component=COMPONENT,
            version=args.settings.postgres.version,
            template=pod(args, "retire", ["administrator.sh", "retire-login.sh"], env),
            deadline_seconds=stopping + finishing + DEADLINE_SECONDS,
            reads=[args.application],
            opts=self.child(),
        )
        self.job = name_of(job)
        self.register_outputs({"job": self.job})
