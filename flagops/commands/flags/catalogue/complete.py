"""Where the catalogue is, and its names for shell completion."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from flagops.project import path_of
from flagops.terminal.complete import quietly

if TYPE_CHECKING:
    from flagops.commands.flags.catalogue.model import Catalogue

CATALOGUE: Final = Path("flags/catalogue.yaml")
"""Where the catalogue is in the project, unless a command is told."""


def placed(ctx: typer.Context, param: typer.CallbackParam, value: Any) -> Any:
    """The default, wherever in the project `ff` is called; what is typed counts from the working directory.

    Where `--catalogue` names a file in place of the argument, no project is looked for: typer has read what is typed by
    then.
    """
    source = ctx.get_parameter_source(str(param.name))
    is_wanted = source is not None and source.name == "DEFAULT" and not ctx.params.get("named")
    return path_of(CATALOGUE) if is_wanted else value


def _catalogue(ctx: typer.Context) -> "Catalogue":
    # Most commands that take an environment's name need no catalogue.
    from flagops.commands.flags.catalogue.load import load

    told = (ctx.params.get(name) for name in ("named", "catalogue", "like"))
    return load(Path(next(filter(None, told), None) or path_of(CATALOGUE)))[0]


def _of_flags_and_segments(ctx: typer.Context) -> list[str]:
    catalogue = _catalogue(ctx)
    return [*catalogue.flags, *catalogue.segments]


environments: Final = quietly(lambda ctx: _catalogue(ctx).environments)
flags: Final = quietly(lambda ctx: _catalogue(ctx).flags)
flags_and_segments: Final = quietly(_of_flags_and_segments)
