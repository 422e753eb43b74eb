"""The arguments of what holds data: namespace, Secrets, PostgreSQL, Redis, and the Jobs on the database."""

import shlex

import pulumi

from components.kit.capabilities import Capabilities
from components.secrets.args import external_secrets_args
from components.secrets.secrets import Credentials, CredentialsArgs
from components.settings import Settings


def credentials_args(settings: Settings, namespace: pulumi.Input[str], capabilities: Capabilities) -> CredentialsArgs:
    """The Secrets."""
    return CredentialsArgs(
        namespace=namespace,
        admin_email=settings.admin_email,
        embedded_postgres=settings.postgres.embedded,
        postgres=settings.secret_name("postgres"),
        audit=settings.audit.existing_secret,
        analytics=settings.monitoring.flag_metrics.existing_secret,
        redis=settings.secret_name("redis"),
        with_redis=settings.redis.mode != "none",
        django=settings.secret_name("django"),
        admin=settings.secret_name("admin"),
        store=external_secrets_args(settings, namespace, capabilities),
        rotations=settings.rotations,
        protect=settings.protect,
    )


def login_command(settings: Settings, credentials: Credentials) -> str:
    """What to type to see the administrator's password."""
    where = f"--context {shlex.quote(settings.context)} --namespace {settings.namespace.name}"
    return f"kubectl {where} get secret {credentials.admin.name} -o jsonpath='{{.data.password}}' | base64 --decode"
