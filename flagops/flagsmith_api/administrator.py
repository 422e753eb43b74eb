"""Where the administrator's password is."""

from components.kit import names
from flagops.errors import NotFoundError
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
