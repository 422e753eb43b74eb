"""The audit log: the Job that reads it for `ff audit`, and the scripts that it shares with the exporter."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    EnvVarArgs,
    PodTemplateSpecArgs,
)

from components.flagsmith.pod import USER
from components.kit import names, plain_tables
from components.kit.component import Component
from components.kit.config_files import ConfigFiles
from components.kit.cron_jobs import job_template
from components.kit.database_client import Connections, database_environment, postgres_volumes
from components.kit.environment import plain
from components.kit.pods import EmptyDir, Placement, pod_template, requirements
from components.kit.security import container_security_context
from components.kit.service_accounts import service_account
from components.settings.sections.audit import AuditExport
from components.settings.workload import Resources

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


@dataclass(frozen=True, kw_only=True)
class AuditArgs:
    """What reads the audit log.

    Attributes:
        namespace: where it runs.
        image: Flagsmith's image, which has Python and PostgreSQL's driver.
        version: its version, as a label.
        source: the deployment's name in each entry's id: its public host.
        connections: the database, as the role that reads the log.
        export: where the exporter ships to.
        resources: requests and limits of each container.
        placement: where the pods run.
        annotations: those of the exporter's pod, by which Prometheus finds it where there is no PodMonitor.
    """

    namespace: pulumi.Input[str]
    image: str
    version: str
    source: str
    connections: Connections
    export: AuditExport
    resources: Resources
    placement: Placement
    annotations: Mapping[str, str]


def scripts() -> dict[str, str]:
    """The files that both pods run, by name."""
    paths = (*(SCRIPTS / name for name in FILES), plain_tables.FILE)
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


def files() -> ConfigFiles:
    """The scripts, as both pods find them; another ConfigMap for each change, so that the exporter restarts."""
    return ConfigFiles(prefix=names.AUDIT, component=COMPONENT, volume="scripts", directory=DIRECTORY, data=scripts())


def common_environment(args: AuditArgs) -> list[EnvVarArgs]:
    """What both pods have to know."""
    options = {"SOURCE": args.source, "HOME": TMP.path, "PYTHONDONTWRITEBYTECODE": "1"}
    return [*database_environment(args.connections), *plain(options)]


def reader_pod(args: AuditArgs) -> PodTemplateSpecArgs:
    """The pod of the Job that prints entries; `ff audit` sets the variables that say which."""
    volumes = [files().mounted(), (TMP.volume(), TMP.mount()), *postgres_volumes(args.connections)]
    return pod_template(
        component=COMPONENT,
        version=args.version,
        placement=args.placement,
        user=USER,
        container=ContainerArgs(
            name="audit",
            image=args.image,
            command=["python", f"{DIRECTORY}/read_audit.py"],
            env=[*common_environment(args), EnvVarArgs(name="LIMIT", value="100")],
            resources=requirements(args.resources),
            security_context=container_security_context(),
            volume_mounts=[mount for _, mount in volumes],
        ),
        volumes=[volume for volume, _ in volumes],
        annotations={},
        grace_period_seconds=5,
        restart_policy="Never",
    )


class Audit(Component):
    """The suspended CronJob `flagsmith-audit`, from which `ff audit` makes its Job, and the scripts in a ConfigMap."""

    def __init__(self, name: str, args: AuditArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        config_map = files().config_map(f"{name}-scripts", namespace=args.namespace, opts=self.child())
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        job_template(
            f"{name}-template",
            name=names.AUDIT,
            namespace=args.namespace,
            component=COMPONENT,
            version=args.version,
            template=reader_pod(args),
            deadline_seconds=DEADLINE_SECONDS,
            opts=self.child(config_map, account),
        )
        self.register_outputs({})
