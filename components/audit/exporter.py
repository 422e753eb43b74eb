"""What ships the audit log as it is written: one pod, which keeps how far it is in the database."""

from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import EnvVarArgs, PodTemplateSpecArgs

from components.audit.reader import DIRECTORY, TMP, common_environment, files
from components.flagsmith.pod import USER
from components.kit import names
from components.kit.component import Component, name_of
from components.kit.database_pods import DatabaseClientArgs, database_pod
from components.kit.environment import plain
from components.kit.pods import Mounted
from components.kit.programs import Serving
from components.kit.secret_files import READABLE_BY_ITS_GROUP, secret_file
from components.kit.service_accounts import service_account
from components.kit.single_pod import singleton
from components.settings.references import SecretKeyReference

COMPONENT: Final = "audit-exporter"
# A request that is on its way may take as long as its time-outs.
GRACE_PERIOD_SECONDS: Final = 45
TOKEN_DIRECTORY: Final = "/run/secrets/audit-token"  # noqa: S105 a path
CA_DIRECTORY: Final = "/run/secrets/audit-ca"


def _from_secret(name: str, directory: str, reference: SecretKeyReference | None, file: str) -> list[Mounted]:
    if reference is None:
        return []
    return [
        secret_file(
            name,
            secret=reference.name,
            key=reference.key,
            directory=directory,
            file=file,
            mode=READABLE_BY_ITS_GROUP,
        )
    ]


def _options(args: DatabaseClientArgs) -> list[EnvVarArgs]:
    export = args.settings.audit.export
    options: dict[str, str | int] = {
        "SINK": str(export.sink),
        "INTERVAL": export.interval,
        "BATCH": export.batch,
        "METRICS_PORT": names.AUDIT_METRICS_PORT,
    }
    if export.url is not None:
        options["URL"] = export.url
    if export.token_secret is not None:
        options["TOKEN_FILE"] = f"{TOKEN_DIRECTORY}/token"
    if export.ca_secret is not None:
        options["CA_FILE"] = f"{CA_DIRECTORY}/ca.crt"
    return plain(options)


def exporter_pod(args: DatabaseClientArgs) -> PodTemplateSpecArgs:
    """The pod. It is alive while it works or waits; whether entries are delivered is for the alerts."""
    return database_pod(
        args,
        component=COMPONENT,
        image=args.settings.image_reference,
        version=args.settings.version,
        resources=args.settings.audit.resources,
        user=USER,
        container="exporter",
        command=["python", f"{DIRECTORY}/export_audit.py"],
        env=[*common_environment(args), *_options(args)],
        volumes=[files().mounted(), TMP.mounted()],
        secrets=[
            *_from_secret("token", TOKEN_DIRECTORY, args.settings.audit.export.token_secret, "token"),
            *_from_secret("ca", CA_DIRECTORY, args.settings.audit.export.ca_secret, "ca.crt"),
        ],
        grace_period_seconds=GRACE_PERIOD_SECONDS,
        serving=Serving(
            port=names.AUDIT_METRICS_PORT,
            path="/livez",
            startup=(5, 12),
            readiness=(10, 3),
            liveness=(30, 3),
        ),
    )


class AuditExporter(Component):
    """The Deployment `flagsmith-audit-exporter`: one pod, and the old one is gone before the new one starts.

    Attributes:
        deployment: the Deployment's name.
    """

    deployment: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseClientArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:AuditExporter", name, opts)
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        deployment = singleton(
            f"{name}-deployment",
            name=names.AUDIT_EXPORTER,
            namespace=args.namespace,
            component=COMPONENT,
            version=args.settings.version,
            template=exporter_pod(args),
            opts=self.child(account),
        )
        self.deployment = name_of(deployment)
        self.register_outputs({"deployment": self.deployment})
