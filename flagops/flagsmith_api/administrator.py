"""Where the administrator's password is."""

from contextlib import suppress

from components.kit import names
from flagops.errors import NotFoundError
from flagops.kubernetes.refusals import DeniedError
from flagops.stacks.deployed import Instance

PASSWORD_KEY = "password"  # noqa: S105 - the key's name in the Secret


def secret_name(instance: Instance) -> str:
    """The Secret with the administrator's password: the program's own, or the one that the settings name."""
    return instance.settings.secret_name("admin") or names.ADMIN


def password(instance: Instance) -> str:
    """The password in the Secret; a person may have changed the account's since."""
    name = secret_name(instance)
    value = instance.secret(name).get(PASSWORD_KEY)
    if not value:
        raise NotFoundError(f"The Secret {instance.namespace}/{name} has no key {PASSWORD_KEY!r}.")
    return value


def password_command(instance: Instance) -> str:
    """What to type to see the password in the Secret. Raises OpsError when there is none, or no password in it."""
    with suppress(DeniedError):  # who may not read it here is told so by kubectl
        password(instance)
    return f"{instance.kubectl} get secret {secret_name(instance)} -o jsonpath='{{.data.{PASSWORD_KEY}}}' | base64 -d"
