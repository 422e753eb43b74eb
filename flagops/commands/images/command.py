"""`ff images`: every image of the stacks, for mirrors; and the lock file that pins them to their bytes."""

from typing import TYPE_CHECKING, Annotated

import typer

from flagops.console import output, progress
from flagops.errors import BadInputError
from flagops.project import LOCAL, root
from flagops.stacks.files import load_stack, stack_names
from flagops.terminal.complete import stacks
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import StackOption

if TYPE_CHECKING:
    from flagops.stacks.files import Stack

OUT_OF_DATE = 1


def show(
    *,
    stack: StackOption = LOCAL,
    all_stacks: Annotated[bool, typer.Option("--all-stacks", help="List the images of every stack.")] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="One line per image, for shells: what to copy, and what the stack pulls.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List every image a stack uses, with its digest. Needs no registry."""
    # The settings' model takes a second to import.
    from flagops.commands.images import view
    from flagops.commands.images.use import uses

    if plain and as_json:
        raise BadInputError("--plain and --json cannot be used together.", hint="Leave one of them out.")
    found = uses(_stacks([] if all_stacks else [stack]))
    if as_json:
        print_json(view.as_json(found))
    elif plain:
        for line in view.plain(found):
            output().out(line, highlight=False)
    else:
        view.show(output(), found, with_stacks=all_stacks)


def lock(
    *,
    stack: Annotated[
        list[str] | None,
        typer.Option(
            "--stack",
            "-s",
            help="Lock only this stack's images; repeat for more. Default: all stacks.",
            autocompletion=stacks,
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail if a tag moved or an image is not locked.")
    ] = False,
    from_mirror: Annotated[
        bool, typer.Option("--from-mirror", help="Ask the stacks' registryMirror, if the source cannot be reached.")
    ] = False,
) -> None:
    """Ask the registries which digest every tag has, and write that into images.lock.yaml."""
    # The settings' model takes a second to import.
    from components.settings import SettingsError, read_lock
    from flagops.commands.images import view
    from flagops.commands.images.file import write_lock
    from flagops.commands.images.locking import changes
    from flagops.commands.images.use import uses

    try:
        before = read_lock(root())
    except SettingsError as error:
        raise BadInputError(str(error), hint="Correct it, or delete the file.") from None
    # With an empty lock, so that one which contradicts the settings can be renewed.
    found = uses(_stacks(stack or []), {})
    wanted = changes(found, before, _step, from_mirror=from_mirror, keeps_others=bool(stack))
    if not check:
        write_lock(root(), wanted.lock)
    for line in view.lines(wanted, is_done=not check):
        output().print(line, markup=False)
    progress().print(view.summary(wanted, is_done=not check), markup=False)
    if check and not wanted.is_current:
        raise typer.Exit(OUT_OF_DATE)


def _stacks(names: list[str]) -> "list[Stack]":
    """The stacks of these names; all for none."""
    return [load_stack(name, root()) for name in names or stack_names(root())]


def _step(line: str) -> None:
    progress().print(line, markup=False)
