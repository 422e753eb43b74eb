"""`ff flags rollout`: run, look at and steer the shares that grow by themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer

from components.rollouts.in_pod.project import Rollouts
from components.rollouts.in_pod.states import Action, Cause, Stage
from components.rollouts.in_pod.turn import Turned, turn
from flagops.commands.flags.catalogue.complete import environments, flags
from flagops.commands.flags.catalogue.options import KnownOption, UrlOption, known
from flagops.commands.flags.reconcile.carrying import PRODUCTION
from flagops.commands.flags.reconcile.options import STOPPED
from flagops.commands.flags.rollout import found as rollouts
from flagops.commands.flags.rollout import view
from flagops.commands.flags.rollout.options import (
    AuthorityOption,
    PrometheusOption,
    ReasonOption,
    prometheus_at,
    require_reason,
)
from flagops.console import output, progress
from flagops.errors import BadInputError, FailedError
from flagops.flagsmith_api.client import FlagsmithError
from flagops.flagsmith_api.connect import Connection, connect
from flagops.terminal.confirm import agree
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import SomeStackOption, YesOption

FlagArgument = Annotated[str, typer.Argument(help="The flag's name.", autocompletion=flags, show_default=False)]
EnvironmentOption = Annotated[
    list[str] | None,
    typer.Option(
        "--environment",
        "-e",
        help="The environment; not needed where the flag has one rollout.",
        show_default=False,
        autocompletion=environments,
    ),
]


@contextmanager
def _connected(known_catalogue: KnownOption, stack: SomeStackOption, url: UrlOption) -> Iterator[Connection]:
    declared = known(known_catalogue)
    with connect(stack=stack, url=url, project=declared.project if declared else None) as connection:
        yield connection


def run(
    *,
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help="Look once, do the steps that are due, and end. Needed: only the stack's pod looks all the time.",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    prometheus: PrometheusOption = None,
    prometheus_ca: AuthorityOption = None,
    catalogue: KnownOption = None,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at each rollout once, and do its next step if it is time and its guards are good.

    It rolls out what `ff flags apply` wrote. Call it every few minutes, from a pipeline. Exits with 3 if a guard or
    somebody's change has paused a rollout, and with 1 if a step could not be written.
    """
    if not once:
        raise BadInputError(
            "`ff flags rollout run` looks once and ends.", hint="Give --once, and call it every few minutes."
        )
    asked = prometheus_at(prometheus, prometheus_ca)
    with _connected(catalogue, stack, url) as connection:
        of_project = Rollouts(connection.client, connection.project)
        done = list(turn(of_project, asked, rollouts.now, (FlagsmithError,), writes=not dry_run))
    _print(done, as_json=as_json)
    failed = [item.found.name for item in done if item.problem]
    if failed:
        raise FailedError(f"Not written: {', '.join(failed)}.", hint="The next run decides again, from what is live.")
    if any(_is_stopped(item) for item in done):
        raise typer.Exit(STOPPED)


def status(
    *,
    flag: Annotated[
        str | None, typer.Argument(help="The flag's name. Default: all.", autocompletion=flags, show_default=False)
    ] = None,
    prometheus: PrometheusOption = None,
    prometheus_ca: AuthorityOption = None,
    catalogue: KnownOption = None,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how far each rollout is, what it does next and why; with --prometheus also what its guards say.

    Exits with 3 if a guard or somebody's change has paused one.
    """
    asked = prometheus_at(prometheus, prometheus_ca)
    with _connected(catalogue, stack, url) as connection:
        if flag is not None:
            rollouts.of_flag(connection, flag, ())
        of_project = Rollouts(connection.client, connection.project)
        every = list(turn(of_project, asked, rollouts.now, (), writes=False))
    wanted = [item for item in every if flag is None or view.row_of(item).flag == flag]
    _print(wanted, as_json=as_json)
    if any(_is_stopped(item) for item in wanted):
        raise typer.Exit(STOPPED)


def start(
    *,
    flag: FlagArgument,
    environment: EnvironmentOption = None,
    reason: ReasonOption = "",
    catalogue: KnownOption = None,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    yes: YesOption = False,
) -> None:
    """Let a rollout begin now, whatever its start is; its first step is at the next look."""
    _say("start", flag, environment, reason, catalogue, stack, url, yes=yes)


def pause(
    *,
    flag: FlagArgument,
    environment: EnvironmentOption = None,
    reason: ReasonOption = "",
    catalogue: KnownOption = None,
    stack: SomeStackOption = None,
    url: UrlOption = None,
) -> None:
    """Leave the share as it is until somebody resumes it."""
    _say("pause", flag, environment, reason, catalogue, stack, url, yes=True)


def resume(
    *,
    flag: FlagArgument,
    environment: EnvironmentOption = None,
    reason: ReasonOption = "",
    catalogue: KnownOption = None,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    yes: YesOption = False,
) -> None:
    """Let a paused rollout go on from the share that is live; the time of its step begins anew."""
    _say("resume", flag, environment, reason, catalogue, stack, url, yes=yes)


def back(
    *,
    flag: FlagArgument,
    environment: EnvironmentOption = None,
    reason: ReasonOption = "",
    catalogue: KnownOption = None,
    stack: SomeStackOption = None,
    url: UrlOption = None,
) -> None:
    """Go one step back, and stay there until somebody resumes it. The users who came last lose the flag."""
    _say("back", flag, environment, reason, catalogue, stack, url, yes=True)


def _say(
    what: str,
    flag: str,
    environment: list[str] | None,
    reason: str,
    catalogue: KnownOption,
    stack: str | None,
    url: str | None,
    *,
    yes: bool,
) -> None:
    """Write what a person says. What raises a share in production asks first; what stops one never does."""
    why = require_reason(reason)
    with _connected(catalogue, stack, url) as connection:
        found = rollouts.one_of_flag(connection, flag, environment or ())
        declared = found.description.declared
        place = declared.environment if declared else ""
        if not yes and place.lower() in PRODUCTION:
            agree("Rolling out in production", f"{what.capitalize()} {found.name}?", yes=yes)
        said = rollouts.carry_out(connection, found, rollouts.said_by(connection.actor, why, what))
    progress().print(f"{found.name}: {said.why}.", style="green", markup=False, soft_wrap=True)
    progress().print("The reason is in the segment's description, and so in Flagsmith's history of it.")


def _print(items: list[Turned], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(view.row_of(item)) for item in items])
    elif items:
        view.show(output(), items)
    else:
        progress().print("There is no rollout: `ff flags apply` writes the steps of the catalogue.")


def _is_stopped(item: Turned) -> bool:
    if item.found.live.gone and not item.found.live.is_lost:
        return False  # it has ended, whatever is remembered of it
    memory = item.decision.memory
    is_paused = memory is not None and memory.stage is Stage.PAUSED and memory.cause is not Cause.PERSON
    return is_paused and (item.is_written or item.decision.action is Action.WAIT)
