"""The arguments of the Secrets, and how the administrator's password is read."""

import shlex

import pulumi

from components.kit.capabilities import Capabilities
from components.secrets.args import external_secrets_args
from components.secrets.secrets import Credentials, CredentialsArgs
from components.settings import Settings
from components.text.quoting import jsonpath_key


def credentials_args(settings: Settings, namespace: pulumi.Input[str], capabilities: Capabilities) -> CredentialsArgs:
    """The Secrets."""
    store = external_secrets_args(settings, namespace, capabilities)
    return CredentialsArgs(settings=settings, namespace=namespace, store=store)


def login_command(settings: Settings, credentials: Credentials) -> str:
    """What to type to see the administrator's password."""
    where = f"--context {shlex.quote(settings.context)} --namespace {settings.namespace.name}"
    path = f"{{.data.{jsonpath_key(credentials.admin.key('password'))}}}"
    return f"kubectl {where} get secret {credentials.admin.name} -o jsonpath='{path}' | base64 --decode"
