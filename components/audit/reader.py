"""The audit log: the Job that reads it for `ff audit`, and the scripts that it shares with the exporter."""

from pathlib import Path
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import EnvVarArgs, PodTemplateSpecArgs

from components.flagsmith.pod import USER
from components.kit import names
from components.kit.component import Component, name_of
from components.kit.config_files import ConfigFiles
from components.kit.cron_jobs import job_template
from components.kit.database_pods import PLAIN_TABLES, DatabaseClientArgs, database_pod
from components.kit.environment import plain
from components.kit.pods import EmptyDir
from components.kit.service_accounts import service_account

COMPONENT: Final = "audit"
DEADLINE_SECONDS: Final = 600
SCRIPTS: Final = Path(__file__).parent / "in_pod"
FILES: Final = (
    "audit_changes.py",
    "audit_cursor.py",
    "audit_entries.py",
    "audit_sink.py",
    "export_audit.py",
    "read_audit.py",
)
DIRECTORY: Final = "/audit"
TMP: Final = EmptyDir(name="tmp", path="/tmp", size_limit="64Mi")  # noqa: S108 a mount of the pod's own


def scripts() -> dict[str, str]:
    """The files that both pods run, by name."""
    paths = (*(SCRIPTS / name for name in FILES), PLAIN_TABLES)
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


def files() -> ConfigFiles:
    """The scripts, as both pods find them; another ConfigMap for each change, so that the exporter restarts."""
    return ConfigFiles(prefix=names.AUDIT, component=COMPONENT, volume="scripts", directory=DIRECTORY, data=scripts())


def common_environment(args: DatabaseClientArgs) -> list[EnvVarArgs]:
    """What both pods have to know, besides where the database is."""
    return plain({"SOURCE": args.settings.host, "HOME": TMP.path, "PYTHONDONTWRITEBYTECODE": "1"})


def reader_pod(args: DatabaseClientArgs) -> PodTemplateSpecArgs:
    """The pod of the Job that prints entries; `ff audit` sets the variables that say which."""
    return database_pod(
        args,
        component=COMPONENT,
        image=args.settings.image_reference,
        version=args.settings.version,
        resources=args.settings.audit.resources,
        user=USER,
        container="audit",
        command=["python", f"{DIRECTORY}/read_audit.py"],
        env=[*common_environment(args), EnvVarArgs(name="LIMIT", value="100")],
        volumes=[files().mounted(), TMP.mounted()],
        grace_period_seconds=5,
    )


class Audit(Component):
    """The suspended CronJob `flagsmith-audit`, from which `ff audit` makes its Job, and the scripts in a ConfigMap.

    Attributes:
        cron_job: the CronJob's name.
    """

    cron_job: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseClientArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:Audit", name, opts)
        config_map = files().config_map(f"{name}-scripts", namespace=args.namespace, opts=self.child())
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        cron_job = job_template(
            f"{name}-template",
            name=names.AUDIT,
            namespace=args.namespace,
            component=COMPONENT,
            version=args.settings.version,
            template=reader_pod(args),
            deadline_seconds=DEADLINE_SECONDS,
            opts=self.child(config_map, account),
        )
        self.cron_job = name_of(cron_job)
        self.register_outputs({"cronJob": self.cron_job})
