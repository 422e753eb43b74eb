"""`ff admin`: the administrator's account."""

from typing import Annotated

import typer

from flagops.commands.admin import reset as admin
from flagops.console import output
from flagops.flagsmith_api.administrator import password_command
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.confirm import agree
from flagops.terminal.stack_options import StackOption, YesOption


def password(
    *,
    stack: StackOption = LOCAL,
    reset: Annotated[
        bool, typer.Option("--reset", help="Set the account's password back to the Secret's, and unlock the account.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Say where the administrator's password is; it is never printed. --reset makes it valid again."""
    with open_instance(stack, needs_containers=reset) as instance:
        email, command = instance.settings.admin_email, password_command(instance)
        if reset:
            question = f"Set the password of {email} in {stack} back to the Secret's?"
            agree("Resetting a password", question, yes=yes)
            unlocked = admin.reset_password(instance)
            output().print(
                f"The password of {email} is the Secret's again{', and the account is unlocked' if unlocked else ''}."
            )
        output().print(f"E-mail    {email}")
        output().print(f"Password  {command}", markup=False)
