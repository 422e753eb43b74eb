"""The log-in of what runs rollouts: an account of Flagsmith's with a generated token, and the Job that makes it."""

import json
from pathlib import Path
from typing import Final

import pulumi
from pulumi_kubernetes.batch.v1 import Job
from pulumi_kubernetes.core.v1 import EnvVarArgs

from components.flagsmith.pod import job_pod
from components.kit import names
from components.kit.config_files import ConfigFiles
from components.kit.database_pods import DatabaseClientArgs
from components.kit.jobs import run_once
from components.kit.secret_refs import SecretReference
from components.secrets.generated import generated_value, secret_of
from components.settings import Settings

COMPONENT: Final = "rollouts-login"
SCRIPT: Final = Path(__file__).parent / "in_pod" / "login.py"
DIRECTORY: Final = "/rollouts-login"
DEADLINE_SECONDS: Final = 600
TOKEN_LENGTH: Final = 40
"""What the column of Django REST framework's tokens takes at most."""
KEY: Final = "token"
EMAIL: Final = "rollouts@feature-flags.invalid"
"""Of a domain that there never is (RFC 2606), so that no mail goes anywhere."""


def files() -> ConfigFiles:
    """The Job's script."""
    return ConfigFiles(
        prefix=names.ROLLOUTS_LOGIN,
        component=COMPONENT,
        volume="scripts",
        directory=DIRECTORY,
        data={SCRIPT.name: SCRIPT.read_text(encoding="utf-8")},
    )


def token(name: str, settings: Settings, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """The token, which is another one with each number of the rotation."""
    return generated_value(f"{name}-token", settings.rotations.rollouts, length=TOKEN_LENGTH, opts=opts)


def token_secret(
    name: str, args: DatabaseClientArgs, value: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> SecretReference:
    """The Secret `flagsmith-rollouts` with the token."""
    return secret_of(
        f"{name}-secret",
        name=names.ROLLOUTS,
        namespace=args.namespace,
        component="application",
        data={KEY: value},
        opts=opts,
    )


def login_job(name: str, args: DatabaseClientArgs, secret: SecretReference, opts: pulumi.ResourceOptions) -> Job:
    """The Job `flagsmith-rollouts-login-<hash>`. It runs again with another token, and another environment."""
    admin = args.settings.admin
    wanted = {
        "email": EMAIL,
        "organisation": admin.organisation,
        "project": admin.project,
        # It gives rights in all that there are: another one in the settings is another run.
        "environments": list(admin.environments),
    }
    template = job_pod(
        args,
        component=COMPONENT,
        container="rollouts-login",
        command=["python", f"{DIRECTORY}/{SCRIPT.name}"],
        env=[
            # The script lies outside of Flagsmith's own directory, from which it imports.
            EnvVarArgs(name="PYTHONPATH", value="/app"),
            EnvVarArgs(name="ROLLOUTS_LOGIN", value=json.dumps(wanted, sort_keys=True)),
            secret.env("ROLLOUTS_TOKEN", KEY),
        ],
        volumes=[files().mounted()],
    )
    return run_once(
        f"{name}-job",
        name=names.ROLLOUTS_LOGIN,
        namespace=args.namespace,
        component=COMPONENT,
        version=args.settings.version,
        template=template,
        deadline_seconds=DEADLINE_SECONDS,
        reads=[secret],
        opts=opts,
    )
