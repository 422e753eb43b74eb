"""`ff upgrade`: another release of Flagsmith, and back."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from flagops.commands.deploy.command import deploy
from flagops.commands.deploy.moving import DATA_STEPS, alone, refuse_moving
from flagops.commands.smoke import suite
from flagops.commands.smoke import view as smoke_report
from flagops.commands.smoke.deployed import place_of
from flagops.commands.smoke.model import SECONDS, CheckStatus
from flagops.commands.smoke.suite import chosen
from flagops.commands.smoke.visit import visit
from flagops.commands.upgrade import view as upgrade_report
from flagops.commands.upgrade.plan import plan, require_keys
from flagops.commands.upgrade.upgrade import back, last_upgrade
from flagops.commands.upgrade.upgrade import upgrade as run_upgrade
from flagops.console import output, progress
from flagops.errors import BadInputError
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.confirm import agree
from flagops.terminal.stack_options import EngineOption, StackOption, YesOption

if TYPE_CHECKING:
    from flagops.engines.deployer import EngineName
    from flagops.stacks.deployed import Instance

TROUBLE = 1


def upgrade(
    *,
    version: Annotated[str | None, typer.Argument(help="The release to move to, as X.Y.Z.", show_default=False)] = None,
    stack: StackOption = LOCAL,
    back: Annotated[
        bool, typer.Option("--back", help="Undo the last upgrade: its migrations, then its image.")
    ] = False,
    plan_only: Annotated[bool, typer.Option("--plan", help="Show what it would do, and stop.")] = False,
    skip: Annotated[
        list[str] | None, typer.Option("--skip", help="A smoke test to leave out; repeat for more.")
    ] = None,
    engine: EngineOption = None,
    yes: YesOption = False,
) -> None:
    """Show what a release migrates and changes, back up, deploy it, and run the smoke tests.

    The release goes into the stack's file. A failed deployment puts the old one back, whose pods go on serving.
    """
    if (version is None) != back:
        raise BadInputError(
            "Which release?", hint="Give one, such as `ff upgrade 2.265.0`, or --back for the one before."
        )
    names = chosen(skip or [])
    with open_instance(stack, needs_containers=True) as instance:
        refuse_moving(instance.stack, DATA_STEPS)
        run = (
            _back(instance, engine, yes=yes)
            if version is None
            else _forth(instance, version, engine, yes=yes, stop=plan_only)
        )
    if run is not None:
        run()
        _smoke(stack, names)


def _forth(
    instance: "Instance", version: str, engine: "EngineName | None", *, yes: bool, stop: bool
) -> Callable[[], None] | None:
    found = plan(instance, version, _step)
    upgrade_report.show(output(), found)
    if stop:
        return None
    require_keys(found, instance.stack.name)
    agree("An upgrade", f"Upgrade {instance.stack.name} to {version}?", yes=yes)
    with alone(instance):
        noted = run_upgrade(instance, version, lambda: _deploy(instance.stack.name, engine), _step)
    return lambda: progress().print(
        f"{instance.stack.name} runs {noted.after}. The way back: ff upgrade --back --stack {instance.stack.name}",
        style="green",
    )


def _back(instance: "Instance", engine: "EngineName | None", *, yes: bool) -> Callable[[], None]:
    last = last_upgrade(instance)
    progress().print(
        f"This takes {instance.stack.name} from {last.after} back to {last.before}. "
        f"What {last.after} migrated is undone "
        "first, and its pods may fail until they are replaced. Data that only the newer release knows is lost; "
        f"the backup from before is {last.backup}.",
        style="yellow",
    )
    agree("Going back", f"Go back to {last.before}?", yes=yes)
    with alone(instance):
        back(instance, lambda: _deploy(instance.stack.name, engine, older=True), _step)
    return lambda: progress().print(f"{instance.stack.name} runs {last.before} again.", style="green")


def _deploy(stack: str, engine: "EngineName | None", *, older: bool = False) -> None:
    deploy(stack, engine, older=older)


def _smoke(stack: str, names: list[str]) -> None:
    with (
        open_instance(stack) as instance,
        place_of(instance, url=None, environment=None, environment_key=None, version=None, seconds=SECONDS) as place,
        visit(place) as visited,
    ):
        results = list(suite.run(visited, names))
    smoke_report.show(output(), results)
    if any(result.outcome is CheckStatus.FAILED for result in results):
        progress().print(f"The smoke tests fail: `ff doctor --stack {stack}`, `ff upgrade --back --stack {stack}`.")
        raise typer.Exit(TROUBLE)


def _step(line: str) -> None:
    progress().print(line, markup=False)
