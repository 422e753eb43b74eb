"""The command `ff`. Registers the commands, and turns errors into messages; all work is behind the commands."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from flagops.commands.admin import command as admin
from flagops.commands.audit import command as audit
from flagops.commands.cache import command as cache
from flagops.commands.cluster import command as cluster
from flagops.commands.dashboard import command as dashboard
from flagops.commands.db import command as db
from flagops.commands.deploy import command as deploy
from flagops.commands.docs import command as docs
from flagops.commands.doctor import command as doctor
from flagops.commands.env import command as env
from flagops.commands.flags import command as flags
from flagops.commands.images import command as images
from flagops.commands.keys import command as keys
from flagops.commands.logs import command as logs
from flagops.commands.pods import command as pods
from flagops.commands.policy import command as policy
from flagops.commands.render import command as render
from flagops.commands.secrets import command as secrets
from flagops.commands.smoke import command as smoke
from flagops.commands.status import command as status
from flagops.commands.upgrade import command as upgrade
from flagops.console import output, progress
from flagops.errors import OpsError
from flagops.unexpected import tell, watch_threads

INTERRUPTED = 130  # as shells say it: 128 + SIGINT
RESUMED = ("up", "down")  # what a second run completes


class _Commands(TyperGroup):
    """Runs a command; what it cannot do is told in a message, not in a stack trace."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except OpsError as error:
            from components.text.quoting import lines

            progress().print(f"Error: {lines(error.message)}", style="red", markup=False, soft_wrap=True)
            if error.hint:
                progress().print(lines(error.hint), markup=False, soft_wrap=True)
            raise typer.Exit(1) from None
        except OSError as error:
            if not error.filename:
                raise
            from components.text.quoting import printable

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
            tell(error, self._named(options.get("args") or sys.argv[1:]))
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
        from flagops.version import describe

        output().out(describe(), highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    *,
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and the commit."),
    ] = False,
) -> None:
    """Options that need no command."""


app.command()(deploy.up)
app.command()(deploy.preview)
app.command()(deploy.down)
app.command()(render.render)
app.add_typer(policy.app, name="policy")
app.command()(env.env)
app.command()(status.status)
app.command()(logs.logs)
app.command()(pods.restart)
app.command()(pods.shell)
app.command("port-forward")(pods.port_forward)
app.command("open")(pods.open_url)
app.command()(dashboard.dashboard)
app.command()(smoke.smoke)
app.command()(doctor.doctor)
app.command()(audit.audit)
app.command()(upgrade.upgrade)
app.add_typer(flags.app, name="flags")
app.add_typer(keys.app, name="keys")
app.add_typer(images.app, name="images")
app.add_typer(db.app, name="db")
app.add_typer(cache.app, name="cache")
app.add_typer(admin.app, name="admin")
app.add_typer(secrets.app, name="secrets")
app.add_typer(cluster.app, name="cluster")
app.command()(docs.docs)


def main() -> None:
    """Run the command that this process was started with."""
    watch_threads()
    app()
