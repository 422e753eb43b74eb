"""Where the operator's SQL prompt runs when the database is outside the cluster: its programs and its address."""

from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import PodTemplateSpecArgs

from components.kit import names
from components.kit.component import Component, name_of
from components.kit.cron_jobs import job_template
from components.kit.database_pods import DatabaseClientArgs, database_pod
from components.kit.pods import EmptyDir
from components.kit.service_accounts import service_account
from components.postgres.server import USER

COMPONENT: Final = "toolbox"
# A working day: who has not left by then has forgotten it.
DEADLINE_SECONDS: Final = 8 * 3600
# Whoever opens a prompt comes within seconds; the container ends with the Job, which `ff` deletes.
IDLE: Final = ("sleep", str(DEADLINE_SECONDS))
HOME: Final = EmptyDir(name="tmp", path="/tmp", size_limit="64Mi")  # noqa: S108 a mount of the pod's own


def toolbox_pod(args: DatabaseClientArgs) -> PodTemplateSpecArgs:
    """The pod template."""
    return database_pod(
        args,
        component=COMPONENT,
        image=args.settings.postgres_image,
        version=args.settings.postgres.version,
        resources=args.settings.job_resources,
        user=USER,
        container="toolbox",
        command=IDLE,
        volumes=[HOME.mounted()],
        grace_period_seconds=5,
    )


class Toolbox(Component):
    """The suspended CronJob `flagsmith-toolbox`, from which `ff db psql` makes its pod.

    Attributes:
        cron_job: the CronJob's name.
    """

    cron_job: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseClientArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:Toolbox", name, opts)
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        cron_job = job_template(
            f"{name}-template",
            name=names.TOOLBOX,
            namespace=args.namespace,
            component=COMPONENT,
            version=args.settings.postgres.version,
            template=toolbox_pod(args),
            deadline_seconds=DEADLINE_SECONDS,
            opts=self.child(account),
        )
        self.cron_job = name_of(cron_job)
        self.register_outputs({"cronJob": self.cron_job})
