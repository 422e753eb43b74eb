"""The first administrator, organisation, project and environments: a Job that is harmless on a database in use."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, ConfigMapVolumeSourceArgs, EnvVarArgs, VolumeArgs, VolumeMountArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.flagsmith.pod import job_pod
from components.kit import names
from components.kit.component import Component, name_of
from components.kit.database_pods import DatabaseClientArgs
from components.kit.digests import short_digest
from components.kit.jobs import run_once
from components.kit.secret_refs import SecretReference
from components.kit.service_accounts import service_account

COMPONENT: Final = "bootstrap"
DEADLINE_SECONDS: Final = 600
SCRIPT: Final = Path(__file__).parent / "in_pod" / "bootstrap.py"
DIRECTORY: Final = "/bootstrap"


@dataclass(frozen=True, kw_only=True)
class BootstrapArgs(DatabaseClientArgs):
    """What a fresh Flagsmith starts with.

    Attributes:
        admin: the Secret with the administrator's key `password`.
    """

    admin: SecretReference


class Bootstrap(Component):
    """The Job `flagsmith-bootstrap-<hash>` and the ConfigMap with its script.

    Flagsmith has a `bootstrap` command too: it makes an administrator without a password, prints a link to set one into
    the log, and knows no environments.

    Attributes:
        job: the Job's name.
    """

    job: pulumi.Output[str]

    def __init__(self, name: str, args: BootstrapArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:Bootstrap", name, opts)
        text = SCRIPT.read_text(encoding="utf-8")
        config_map = ConfigMap(
            f"{name}-script",
            metadata=ObjectMetaArgs(
                name=f"{names.BOOTSTRAP}-{short_digest(text)}",
                namespace=args.namespace,
                labels=names.labels(COMPONENT),
            ),
            data={SCRIPT.name: text},
            immutable=True,
            opts=self.child(),
        )
        first = args.settings.admin
        wanted = {"organisation": first.organisation, "project": first.project, "environments": first.environments}
        volume = VolumeArgs(
            name="bootstrap", config_map=ConfigMapVolumeSourceArgs(name=f"{names.BOOTSTRAP}-{short_digest(text)}")
        )
        template = job_pod(
            args,
            component=COMPONENT,
            container="bootstrap",
            command=["python", f"{DIRECTORY}/{SCRIPT.name}"],
            env=[
                # The script lies outside of Flagsmith's own directory, from which it imports.
                EnvVarArgs(name="PYTHONPATH", value="/app"),
                EnvVarArgs(name="ADMIN_EMAIL", value=args.settings.admin_email),
                EnvVarArgs(name="BOOTSTRAP", value=json.dumps(wanted, sort_keys=True)),
                args.admin.env("ADMIN_PASSWORD", "password"),
            ],
            volumes=[(volume, VolumeMountArgs(name="bootstrap", mount_path=DIRECTORY, read_only=True))],
        )
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        job = run_once(
            f"{name}-job",
            name=names.BOOTSTRAP,
            namespace=args.namespace,
            component=COMPONENT,
            version=args.settings.version,
            template=template,
            deadline_seconds=DEADLINE_SECONDS,
            opts=self.child(config_map, account),
        )
        self.job = name_of(job)
        self.register_outputs({"job": self.job})
