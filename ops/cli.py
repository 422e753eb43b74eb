"""The command `ff`. Registers the commands, and turns errors into messages; all work is behind the commands."""

from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ops.commands import (
    admin,
    audit,
    cache,
    cluster,
    dashboard,
    db,
    docs,
    doctor,
    env,
    flags,
    images,
    keys,
    operate,
    policy,
    render,
    secrets,
    smoke,
    stack,
    upgrade,
)
from ops.console import output, progress
from ops.errors import OpsError

INTERRUPTED = 130  # as shells say it: 128 + SIGINT


class _Commands(TyperGroup):
    """Runs a command; what it cannot do is told in a message, not in a stack trace."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except OpsError as error:
            progress().print(f"Error: {error.message}", style="red", markup=False, soft_wrap=True)
            if error.hint:
                progress().print(error.hint, markup=False, soft_wrap=True)
            raise typer.Exit(1) from None
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            progress().print(f"Error: {place}{error.strerror or error}", style="red", markup=False, soft_wrap=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            progress().print("Interrupted. Run it again: it goes on where this run ended.", style="red")
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Operate Flagsmith, the feature-flag platform, on Kubernetes.",
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - the signature of a Typer callback
    if wanted:
        output().print(version("feature-flags"))
        raise typer.Exit


@app.callback()
def _options(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that need no command."""


app.command()(stack.up)
app.command()(stack.preview)
app.command()(stack.down)
app.command()(render.render)
app.add_typer(policy.app, name="policy")
app.command()(env.env)
app.command()(operate.status)
app.command()(operate.logs)
app.command()(operate.restart)
app.command()(operate.shell)
app.command("port-forward")(operate.port_forward)
app.command("open")(operate.open_url)
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
    """The console script `ff`: exits with 0, 1 for an error, 2 for wrong usage, 130 when interrupted."""
    app()
