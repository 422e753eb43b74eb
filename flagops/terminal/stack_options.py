"""Options that several commands take of a stack."""

from typing import Annotated

import typer

from flagops.engines.deployer import EngineName
from flagops.terminal.complete import stacks

StackOption = Annotated[
    str, typer.Option("--stack", "-s", help="The stack: the NAME of a file Pulumi.NAME.yaml.", autocompletion=stacks)
]

SomeStackOption = Annotated[
    str | None,
    typer.Option(
        "--stack",
        "-s",
        help="The stack. Default: local, unless --url is given.",
        show_default=False,
        autocompletion=stacks,
    ),
]


EngineOption = Annotated[
    EngineName | None,
    typer.Option(
        "--engine",
        help="cli: the Pulumi CLI. direct: without it. Default: what made the stack; for a new one the CLI, or direct "
        "for the stack `local` without a CLI.",
        show_default=False,
    ),
]


InstallOption = Annotated[
    bool, typer.Option("--install-pulumi", help="Let Pulumi's own installer download the CLI if it is not there.")
]


YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for CI.")]
