"""What `ff flags serve` and `ff flags document` share."""

from typing import Annotated

import typer

from flagops.commands.flags.serve.setting import FORM
from flagops.terminal.complete import stacks

FromOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="STACK|URL|FILE",
        help="In place of the catalogue: a stack or the address of a Flagsmith (with an organisation's API key in "
        "FLAGSMITH_API_KEY), read once; or a saved environment's document, FILE.json.",
        show_default=False,
        autocompletion=stacks,
    ),
]
AtOption = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="TIME",
        help="How far rollouts with steps are at this time, if all goes well, such as 2026-12-01T09:00Z. Default: now.",
        show_default=False,
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar=FORM,
        help="Override a flag: on, off, a value, or the name of a variation; in one environment, for one user. "
        "Repeat for more; of several for the same the last one counts.",
        show_default=False,
    ),
]
