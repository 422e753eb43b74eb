"""The first administrator, organisation, project and environments with their keys: a Job.

It is harmless on a database in use.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pulumi
from pulumi_kubernetes.core.v1 import EnvVarArgs

from components.flagsmith.pod import job_pod
from components.flagsmith.secrets import SDK_KEYS
from components.kit import names
from components.kit.component import Component, name_of
from components.kit.config_files import ConfigFiles
from components.kit.database_pods import DatabaseClientArgs
from components.kit.jobs import run_once
from components.kit.secret_refs import SecretReference
from components.kit.service_accounts import service_account
from components.secrets.key_names import own_names, stack_names
from components.secrets.sdk_keys import EnvironmentKeys

COMPONENT: Final = "bootstrap"
DEADLINE_SECONDS: Final = 600
_DIRECTORY: Final = Path(__file__).parent / "in_pod"
SCRIPT: Final = _DIRECTORY / "bootstrap.py"
SCRIPTS: Final = tuple(sorted(_DIRECTORY.glob("bootstrap*.py")))
DIRECTORY: Final = "/bootstrap"


@dataclass(frozen=True, kw_only=True)
class BootstrapArgs(DatabaseClientArgs):
    """What a fresh Flagsmith starts with.

    Attributes:
        admin: the Secret with the administrator's key `password`.
        keys: the keys of its environments.
    """

    admin: SecretReference
    keys: Sequence[EnvironmentKeys]

    @property
    def wanted(self) -> dict[str, Any]:
        """What the script is to make, without any key: of those it has the names of their variables."""
        first = self.settings.admin
        return {
            "organisation": first.organisation,
            "project": first.project,
            "environments": first.environments,
            "keys": [
                {
                    "environment": item.environment,
                    "secret": item.secret,
                    "client": variable(index, "client"),
                    "servers": [
                        {"name": key.name, "variable": variable(index, purpose)}
                        for purpose, key in item.servers.items()
                    ],
                }
                for index, item in enumerate(self.keys)
            ],
            "ownNames": own_names(pulumi.get_stack(), self.settings.namespace.name),
            "stackNames": stack_names(pulumi.get_stack()),
            "overlapHours": self.settings.sdk_keys.overlap_hours,
        }

    @property
    def variables(self) -> list[EnvVarArgs]:
        """The variables with the keys."""
        # Not there where somebody else is to make the Secret and has not done so yet: then no key is written.
        return [
            key.secret.env(variable(index, purpose), key.key, optional=True)
            for index, item in enumerate(self.keys)
            for purpose, key in (("client", item.client), *item.servers.items())
        ]

    @property
    def reads(self) -> list[SecretReference]:
        """The Secrets whose new contents are to be written into the database."""
        found = [key.secret for item in self.keys for key in (item.client, *item.servers.values())]
        return list({secret.name: secret for secret in found}.values())


def variable(index: int, purpose: str) -> str:
    """The environment variable with a key of the environment at `index`."""
    return f"{SDK_KEYS}{index}_{purpose.upper()}"


class Bootstrap(Component):
    """The Job `flagsmith-bootstrap-<hash>` and the ConfigMap with its scripts.

    It runs again when a key of an environment changes, which it then writes into the database.

    Flagsmith has a `bootstrap` command too: it makes an administrator without a password, prints a link to set one into
    the log, and knows no environments.

    Attributes:
        job: the Job's name.
    """

    job: pulumi.Output[str]

    def __init__(self, name: str, args: BootstrapArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:Bootstrap", name, opts)
        source = ConfigFiles(
            prefix=names.BOOTSTRAP,
            component=COMPONENT,
            volume="bootstrap",
            directory=DIRECTORY,
            data={path.name: path.read_text(encoding="utf-8") for path in SCRIPTS},
        )
        config_map = source.config_map(f"{name}-script", namespace=args.namespace, opts=self.child())
        template = job_pod(
            args,
            component=COMPONENT,
            container="bootstrap",
            command=["python", f"{DIRECTORY}/{SCRIPT.name}"],
            env=[
                # The script lies outside of Flagsmith's own directory, from which it imports.
                EnvVarArgs(name="PYTHONPATH", value="/app"),
                EnvVarArgs(name="ADMIN_EMAIL", value=args.settings.admin_email),
                EnvVarArgs(name="BOOTSTRAP", value=json.dumps(args.wanted, sort_keys=True)),
                args.admin.env("ADMIN_PASSWORD", "password"),
                *args.variables,
            ],
            volumes=[source.mounted()],
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
            reads=args.reads,
            opts=self.child(config_map, account),
        )
        self.job = name_of(job)
        self.register_outputs({"job": self.job})
