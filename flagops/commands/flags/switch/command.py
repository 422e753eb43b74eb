"""`ff flags set` and `release`: a switch for people on call, and the end of a hold."""

from pathlib import Path
from typing import Annotated

import typer

from flagops.commands.flags.catalogue.complete import environments, flags
from flagops.commands.flags.catalogue.options import KnownOption, UrlOption, known
from flagops.commands.flags.reconcile.carrying import PRODUCTION
from flagops.commands.flags.switch import held, view
from flagops.commands.flags.switch.beside import beside_applies
from flagops.commands.flags.switch.record import keep, record
from flagops.commands.flags.switch.several import Several
from flagops.commands.flags.switch.wanted import Wanted, read_value
from flagops.console import progress
from flagops.errors import BadInputError, OpsError
from flagops.flagsmith_api.connect import connect
from flagops.terminal.confirm import agree
from flagops.terminal.duration import duration
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import SomeStackOption, YesOption

ALL = "all"
FlagArgument = Annotated[str, typer.Argument(help="The flag's name.", autocompletion=flags, show_default=False)]


def set_flag(
    *,
    flag: FlagArgument,
    enabled: Annotated[
        bool | None, typer.Option("--on/--off", help="Switch it on, or off for everybody.", show_default=False)
    ] = None,
    value: Annotated[
        str | None,
        typer.Option(
            "--value",
            help="Its value: true, false, a whole number, or else a text; '\"30\"' is a text too.",
            show_default=False,
        ),
    ] = None,
    environment: Annotated[
        list[str] | None,
        typer.Option(
            "--environment",
            "-e",
            help="The environment; repeat for several, or `all`.",
            show_default=False,
            autocompletion=environments,
        ),
    ] = None,
    change_type: Annotated[
        bool,
        typer.Option(
            "--change-type", help="Let the value become one of another kind, such as a number in place of a text."
        ),
    ] = False,
    keep_users: Annotated[
        bool,
        typer.Option("--keep-users", help="With --off: leave it on for single users by override."),
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", help="Why, for those who find it later. Needed.", show_default=False)
    ] = "",
    hold: Annotated[
        str | None,
        typer.Option(
            "--hold", metavar="TIME", help="Keep every apply away for this time, such as 24h.", show_default=False
        ),
    ] = None,
    catalogue: KnownOption = None,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    file: Annotated[
        Path | None, typer.Option("--record", help="Append a line about it, with the reason, to this file.")
    ] = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Switch a flag now, by name, and read back what is served.

    No apply undoes it: the next one names it as a conflict. With --hold, a tag on the flag keeps every apply away for
    that time. --off is off for everybody: for all segments, and for single users with an override, unless you give
    --keep-users. All environments are written before any is read back. If one cannot be written, the others are
    switched all the same, and it exits with 1.
    """
    wanted = _wanted(enabled, value, keeps_users=keep_users)
    if not environment:
        raise BadInputError("Which environment?", hint="Give -e NAME, or -e all.")
    if not reason.strip():
        raise BadInputError(
            "The reason is missing: whoever finds the change later needs it.", hint="Give --reason TEXT."
        )
    length = duration(hold, "--hold") if hold else None
    if length is not None and not length:
        raise BadInputError("--hold 0 holds nothing.", hint="Leave it out, or give a time such as 24h.")
    declared = known(catalogue)
    with connect(stack=stack, url=url, project=declared.project if declared else None) as connection:
        row = held.feature(connection, flag)
        names = [item.name for item in connection.environments] if ALL in environment else environment
        places = [connection.environment(name) for name in dict.fromkeys(names)]
        several = Several(connection, row, places)
        if wanted.has_value and not change_type:
            several.require_same_kind(wanted)
        if any(place.name.lower() in PRODUCTION for place in places):
            agree("Switching a flag in production", f"Set {flag} to {wanted} in {', '.join(names)}?", yes=yes)
        started = connection.client.now()
        tag: str | None = None
        problems: list[str] = []
        with beside_applies(connection) as working:
            said = several.set(wanted, reason.strip())
            for item in said:
                view.show(flag, wanted, item)
            done = [item.environment for item in said if item.done is not None]
            why = f"{flag} {wanted} in {', '.join(place.name for place in done)}: {reason.strip()}"
            if length is not None and done:
                try:
                    tag, longer = held.hold(connection, row, length, why)
                    view.show_hold(flag, tag, longer)
                except OpsError as error:
                    problems.append(f"It is switched, and not held: {error.message}")
            # Before anything that may take long, or fail: the reason has to be there for the next apply.
            noted, problem = (
                keep(connection, record(connection, row, done, started, reason.strip()), file) if done else ([], None)
            )
        if working is not None:
            try:
                working.wait()
                undone = several.look_again(wanted, said)
                if tag is not None:
                    held.hold_on(connection, row, tag, why)  # should it have taken the tag away
            except OpsError as error:
                undone = []
                problems.append(error.message)
            problems += [f"{', '.join(undone)}: the apply that was at work wrote {flag} again."] if undone else []
    if problem is not None:
        progress().print(f"The reason is not noted: {problem}", style="yellow", markup=False)
    if done:
        view.show_end(
            kept=[*(["the tag of the hold"] if tag else []), *noted],
            versioned=any(place.is_versioned for place in done),
        )
    if as_json:
        print_json({"flag": flag, "hold": tag, "environments": [item.as_json() for item in said]})
    view.require_all(flag, said, problems)


def release(
    *, flag: FlagArgument, catalogue: KnownOption = None, stack: SomeStackOption = None, url: UrlOption = None
) -> None:
    """End the holds of a flag; what was switched by hand stays as it is until somebody takes it back.

    With a stack, no apply begins meanwhile. If one is at work, the command waits until it has ended, and looks again.
    A hold that begins in that moment stays, and the command names it.
    """
    declared = known(catalogue)
    with connect(stack=stack, url=url, project=declared.project if declared else None) as connection:
        row = held.feature(connection, flag)
        with beside_applies(connection, "The hold is ended") as working:
            tags = held.release(connection, row)
        if working is not None:
            working.wait()
            held.release_on(connection, row, tags)
        left = held.holds_of(connection, flag)
    view.show_release(flag, tags, left)


def _wanted(enabled: bool | None, value: str | None, *, keeps_users: bool) -> Wanted:  # noqa: FBT001 - as typed
    if enabled is None and value is None:
        raise BadInputError("What should the flag be?", hint="Give --on, --off or --value V.")
    return Wanted(enabled, None if value is None else read_value(value), value is not None, keeps_users)
