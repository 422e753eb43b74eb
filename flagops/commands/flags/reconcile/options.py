"""Options about whose hand is on a switch, which `plan` and `apply` share."""

from pathlib import Path
from typing import Annotated

import typer

from flagops.commands.flags.catalogue.complete import flags_and_segments

STOPPED = 3
"""The exit code where flags were left as they are, since somebody else changed them or nobody can tell."""
TakeBackOption = Annotated[
    list[str] | None,
    typer.Option(
        "--take-back",
        metavar="FLAG",
        help="Make this flag or segment what the catalogue says, though somebody changed it; repeat.",
        autocompletion=flags_and_segments,
    ),
]
NotesOption = Annotated[
    Path | None,
    typer.Option(
        "--notes",
        help="A file with what the last apply left, which `apply` renews. Default: the stack's own notes, in its "
        "cluster.",
        show_default=False,
    ),
]
