"""Where the administrator's password is."""

from contextlib import suppress

from components.kit import names
from components.text.quoting import jsonpath_key
from flagops.errors import NotFoundError
from flagops.kubernetes.refusals import DeniedError
from flagops.stacks.deployed import Instance

PASSWORD = "password"  # noqa: S105 - the key's name in the Secret


def secret_name(instance: Instance) -> str:
    """The Secret with the administrator's password: the program's own, or the one that the settings name."""
    foreign = instance.settings.foreign_secret("admin")
    return names.ADMIN if foreign is None else foreign.name


def password_key(instance: Instance) -> str:
    """The key of that Secret with the password."""
    foreign = instance.settings.foreign_secret("admin")
    return PASSWORD if foreign is None else foreign.key_of(PASSWORD)


def password(instance: Instance) -> str:
    """The password in the Secret; a person may have changed the account's since."""
    name, key = secret_name(instance), password_key(instance)
    value = instance.secret(name).get(key)
    if not value:
        raise NotFoundError(f"The Secret {instance.namespace}/{name} has no key {key!r}.")
    return value


def password_command(instance: Instance) -> str:
    """What to type to see the password in the Secret. Raises OpsError when there is none, or no password in it."""
    with suppress(DeniedError):  # who may not read it here is told so by kubectl
        password(instance)
    path = f"{{.data.{jsonpath_key(password_key(instance))}}}"
    return f"{instance.kubectl} get secret {secret_name(instance)} -o jsonpath='{path}' | base64 -d"
