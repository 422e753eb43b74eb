"""`ff admin`: the administrator's account."""

from typing import Annotated

import typer

from ops.commands.stack import StackOption, YesOption
from ops.console import output
from ops.errors import OpsError
from ops.project import LOCAL

app = typer.Typer(no_args_is_help=True, help="The administrator's account.")


@app.callback()
def _options() -> None:
    """The administrator's account."""


@app.command()
def password(
    *,
    stack: StackOption = LOCAL,
    reset: Annotated[
        bool, typer.Option("--reset", help="Set the account's password back to the Secret's, and unlock the account.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Say where the administrator's password is; it is never printed. With --reset, make it valid again."""
    import sys

    from ops.access.site import open_site
    from ops.operate import admin

    with open_site(stack, needs_containers=reset) as site:
        email, command = site.settings.admin_email, admin.password_command(site)
        if reset:
            if not yes and not sys.stdin.isatty():
                raise OpsError(
                    "Resetting a password needs a confirmation, and there is no terminal.", hint="Add --yes."
                )
            if not yes and not typer.confirm(f"Set the password of {email} in {stack} back to the Secret's?", err=True):
                raise OpsError("Nothing was changed.")
            unlocked = admin.reset_password(site)
            output().print(
                f"The password of {email} is the Secret's again{', and the account is unlocked' if unlocked else ''}."
            )
        output().print(f"E-mail    {email}")
        output().print(f"Password  {command}", markup=False)
