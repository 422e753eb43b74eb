"""`ff completion`: the script with which a shell completes `ff …`."""

from typing import Annotated, Literal

import typer
from typer.completion import get_completion_script  # type: ignore[attr-defined]

from flagops.console import output
from flagops.terminal.tab import VARIABLE


def completion(
    *, shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(help="Your shell.", show_choices=True)]
) -> None:
    """Print the script with which a shell completes commands, options, stacks, environments, flags and secrets.

    bash: `source <(ff completion bash)` in ~/.bashrc. zsh: the same with zsh in ~/.zshrc, after `compinit`.
    fish: `ff completion fish > ~/.config/fish/completions/ff.fish`. It reads files alone, and asks no cluster.
    """
    output().out(get_completion_script(prog_name="ff", complete_var=VARIABLE, shell=shell), highlight=False)
