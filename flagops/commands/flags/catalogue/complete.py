"""Names of the catalogue for shell completion."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from flagops.terminal.complete import quietly

if TYPE_CHECKING:
    from flagops.commands.flags.catalogue.model import Catalogue

CATALOGUE: Final = Path("flags/catalogue.yaml")
"""Where the catalogue is, unless a command is told."""


def _catalogue(ctx: typer.Context) -> "Catalogue":
    # Most commands that take an environment's name need no catalogue.
    from flagops.commands.flags.catalogue.load import load

    return load(Path(ctx.params.get("catalogue") or CATALOGUE))[0]


environments: Final = quietly(lambda ctx: _catalogue(ctx).environments)
flags: Final = quietly(lambda ctx: _catalogue(ctx).flags)
