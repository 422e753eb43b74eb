"""`ff secrets`: the generated secrets, and renewing them while Flagsmith serves."""

from typing import Annotated

import typer

from flagops.commands.deploy.command import deploy
from flagops.commands.deploy.moving import DATA_STEPS, alone, refuse_moving
from flagops.commands.secrets import rotate as logic
from flagops.commands.secrets import view
from flagops.commands.secrets.catalogue import GENERATED, cost, find, restarted
from flagops.console import output, progress
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.complete import quietly
from flagops.terminal.confirm import agree
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import EngineOption, StackOption, YesOption

NAMES = quietly(lambda _: [item.name for item in GENERATED])


def list_secrets(*, stack: StackOption = LOCAL, as_json: JsonOption = False) -> None:
    """List the secrets: what each is for, who reads it, how often it was renewed, what that costs. Shows no value."""
    with open_instance(stack) as instance:
        found = view.rows(instance)
        if as_json:
            print_json(found)
        else:
            view.show(output(), found)
        if view.unseen(found):
            progress().print("`ff` did not check whether they exist: you may not read Secrets.", style="yellow")
        view.require_there(instance, found)


def rotate(
    *,
    name: Annotated[
        str, typer.Argument(help="The secret's name, as `ff secrets list` shows it.", autocompletion=NAMES)
    ],
    stack: StackOption = LOCAL,
    engine: EngineOption = None,
    yes: YesOption = False,
) -> None:
    """Renew a secret: raise its number in the stack's file, deploy, and check that everything works.

    Other settings that are not deployed yet are deployed too. After a failure, run it again.
    """
    item = find(name)
    with open_instance(stack, needs_containers=True) as instance:
        refuse_moving(instance.stack, DATA_STEPS)
        logic.require_generated(instance, item)
        number = logic.next_number(instance, item)
        logic.require_checkable(instance, item, number)
        progress().print(
            f"This renews {item.name} of the stack {stack} ({instance.context}), rotation {number}. Restarted: "
            f"{restarted(item, instance.settings)}. It costs: {cost(item, instance.settings)}.",
            markup=False,
        )
        if item.loses:
            progress().print(item.loses, style="yellow")
        agree("Renewing a secret", f"Renew {item.name}?", yes=yes)
        with alone(instance):
            done = logic.rotate(instance, item, lambda: deploy(stack, engine), _step)
        file = instance.stack.path.name
    output().print(f"{item.name} is renewed, rotation {done}. Commit {file}.", markup=False)


def _step(line: str) -> None:
    progress().print(line, markup=False)
