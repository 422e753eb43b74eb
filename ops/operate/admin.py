"""The administrator's account."""

from contextlib import suppress

from ops.access.script import run_python
from ops.access.site import Site
from ops.engine.client import DeniedError
from ops.errors import OpsError

PASSWORD_KEY = "password"  # noqa: S105 - the key's name in the Secret


def secret_name(site: Site) -> str:
    """The Secret with the administrator's password: the program's own, or the one that the settings name."""
    return site.settings.secret_name("admin") or "flagsmith-admin"


def password(site: Site) -> str:
    """The password in the Secret; a person may have changed the account's since."""
    name = secret_name(site)
    value = site.secret(name).get(PASSWORD_KEY)
    if not value:
        raise OpsError(f"The Secret {site.namespace}/{name} has no key {PASSWORD_KEY!r}.")
    return value


def password_command(site: Site) -> str:
    """What to type to see the password in the Secret. Raises OpsError when there is none, or no password in it."""
    with suppress(DeniedError):  # who may not read it here is told so by kubectl
        password(site)
    return f"{site.kubectl} get secret {secret_name(site)} -o jsonpath='{{.data.{PASSWORD_KEY}}}' | base64 -d"


def reset_password(site: Site) -> bool:
    """Set the administrator's password back to the Secret's; whether the account had been locked by wrong passwords.

    Raises OpsError when there is no such account or no pod of the API is ready.
    """
    answer = run_python(
        site,
        "admin_password.py",
        [site.settings.admin_email],
        stdin=f"{password(site)}\n",
        what="The password cannot be reset",
    )
    return bool(answer["unlocked"])
