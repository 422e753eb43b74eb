"""`ff admin`: the administrator's account."""

from typing import Annotated

import typer

from flagops.commands.admin import reset as admin
from flagops.console import is_screen, output
from flagops.flagsmith_api.administrator import password as password_of
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.confirm import agree
from flagops.terminal.stack_options import StackOption, YesOption

NOT_SHOWN = "not shown, since this is no terminal: --show-secrets prints it all the same"


def password(
    *,
    stack: StackOption = LOCAL,
    reset: Annotated[
        bool, typer.Option("--reset", help="Set the account's password back to the Secret's, and unlock the account.")
    ] = False,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Print the password into a pipe or a file too.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Print the administrator's e-mail and, on a terminal, the password. --reset makes it valid again."""
    with open_instance(stack, needs_containers=reset) as instance:
        email, secret = instance.settings.admin_email, password_of(instance)
        if reset:
            question = f"Set the password of {email} in {stack} back to the Secret's?"
            agree("Resetting a password", question, yes=yes)
            unlocked = admin.reset_password(instance)
            output().print(
                f"The password of {email} is the Secret's again{', and the account is unlocked' if unlocked else ''}."
            )
        output().print(f"E-mail    {email}", markup=False)
        output().print(f"Password  {secret if show_secrets or is_screen() else NOT_SHOWN}", markup=False)
