"""The command `ff`. Calls the commands, and turns errors into messages; all work is behind the commands."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

import typer

from components.text.quoting import lines, printable
from flagops import project
from flagops.console import output, progress
from flagops.errors import OpsError
from flagops.terminal import tab
from flagops.terminal.by_name import Words
from flagops.unexpected import show, watch_threads
from flagops.version import describe
from flagops.words import GROUPS

INTERRUPTED = 130  # as shells say it: 128 + SIGINT
RESUMED = ("up", "down")  # what a second run completes


class _Commands(Words):
    """Runs a command; what it cannot do is told in a message, not in a stack trace."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(GROUPS, **attributes)

    def invoke(self, ctx: Any) -> Any:
        try:
            if ctx.params["directory"] is not None:
                project.root()  # what is typed and wrong is told by commands that need no project too
            return super().invoke(ctx)
        except OpsError as error:
            progress().print(f"Error: {lines(error.message)}", style="red", markup=False, soft_wrap=True)
            if error.hint:
                progress().print(lines(error.hint), markup=False, soft_wrap=True)
            raise typer.Exit(1) from None
        except OSError as error:
            if not error.filename:
                raise
            said = printable(f"Error: {error.filename}: {error.strerror or error}")
            progress().print(said, style="red", markup=False, soft_wrap=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            goes_on = ctx.invoked_subcommand in RESUMED
            progress().print(f"Interrupted.{' Run it again to go on.' if goes_on else ''}", style="red")
            raise typer.Exit(INTERRUPTED) from None

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run, and end the process; what nobody expected is told on one line."""
        try:
            return super().main(*arguments, **options)
        except Exception as error:  # noqa: BLE001 - the last resort
            show(error, self._named(options.get("args") or sys.argv[1:]))
            sys.exit(1)

    def _named(self, words: Sequence[str]) -> list[str]:
        """The command and its options without their values, which can be secret."""
        command: Any = self
        named = []
        for word in words:
            if word in getattr(command, "commands", {}):
                command = command.commands[word]
                named.append(word)
            elif word.startswith("--"):
                named.append(word.partition("=")[0])
        return named


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Operate Flagsmith, the feature-flag platform, on Kubernetes.",
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - the signature of a Typer callback
    if wanted:
        output().out(describe(), highlight=False)
        raise typer.Exit


def _note_project(ctx: typer.Context, given: str | None) -> str | None:
    project.begin(given)
    if not ctx.resilient_parsing:  # completion asks for names after this
        ctx.call_on_close(project.end)
    return given


@app.callback()
def _options(
    *,
    directory: Annotated[
        str | None,
        typer.Option(
            project.OPTION,
            metavar="DIR",
            callback=_note_project,
            help=f"The project, the folder of Pulumi.yaml. Default: {project.VARIABLE}, or the working directory's.",
            show_default=False,
        ),
    ] = None,
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and the commit."),
    ] = False,
) -> None:
    """Options that stand before the command."""


def main() -> None:
    """Run the command that this process was started with, or complete what is typed of one."""
    if tab.VARIABLE in os.environ:
        tab.quiet_process()
        with suppress(BaseException):
            tab.complete_in_shells()
            app(prog_name="ff")
        with suppress(OSError):
            sys.stdout.flush()
        os._exit(0)
    watch_threads()
    app()
