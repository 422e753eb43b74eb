"""`ff flags set` and `release`: a switch for people on call, and the end of a hold."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flagops.commands.flags.catalogue.complete import environments, flags
from flagops.commands.flags.catalogue.options import KnownOption, UrlOption, known
from flagops.commands.flags.reconcile.carrying import PRODUCTION
from flagops.commands.flags.switch import held
from flagops.commands.flags.switch.record import keep, record
from flagops.commands.flags.switch.served import seen
from flagops.commands.flags.switch.write import FlagSwitch, Wanted
from flagops.console import progress
from flagops.errors import BadInputError
from flagops.flagsmith_api.connect import connect
from flagops.terminal.confirm import agree
from flagops.terminal.duration import duration
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import SomeStackOption, YesOption

if TYPE_CHECKING:
    from flagops.commands.flags.catalogue.values import Plain

ALL = "all"
LATER = (
    "SDKs that evaluate locally see it at their next refresh: 60 s after the last one by default, 10 s for the Edge "
    "Proxy, and what the document's cache adds."
)
FlagArgument = Annotated[str, typer.Argument(help="The flag's name.", autocompletion=flags, show_default=False)]


def set_flag(
    *,
    flag: FlagArgument,
    enabled: Annotated[
        bool | None, typer.Option("--on/--off", help="Switch it on, or off for everybody.", show_default=False)
    ] = None,
    value: Annotated[
        str | None,
        typer.Option("--value", help="Its value: true, false, a whole number, or else a text.", show_default=False),
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
    reason: Annotated[
        str, typer.Option("--reason", help="Why, for those who find it later. Needed.", show_default=False)
    ] = "",
    hold: Annotated[
        str | None,
        typer.Option(
            "--hold", metavar="TIME", help="Keep every apply away for so long, such as 24h.", show_default=False
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

    No apply undoes it: the next one names it as a conflict. With --hold, a tag on the flag keeps every apply away
    until it ends. Off is off for all segments too; overrides of single users stay, and are counted.
    """
    wanted = _wanted(enabled, value)
    if not environment:
        raise BadInputError("Which environment?", hint="Give -e NAME, or -e all.")
    if not reason.strip():
        raise BadInputError("Why? Whoever finds it later wants to know.", hint="Give --reason TEXT.")
    length = duration(hold, "--hold") if hold else None
    if length is not None and not length:
        raise BadInputError("--hold 0 holds nothing.", hint="Leave it out, or give a time such as 24h.")
    declared = known(catalogue)
    with connect(stack=stack, url=url, project=declared.project if declared else None) as connection:
        row = held.feature(connection, flag)
        names = [item.name for item in connection.environments] if ALL in environment else environment
        places = [connection.environment(name) for name in dict.fromkeys(names)]
        if any(place.name.lower() in PRODUCTION for place in places):
            agree("Switching a flag in production", f"Set {flag} to {wanted} in {', '.join(names)}?", yes=yes)
        started = connection.client.now()
        said: list[dict[str, Any]] = []
        for place in places:
            switch = FlagSwitch(connection.client, place, row["id"])
            done = switch.write(wanted, reason.strip())
            took, is_seen = seen(connection.client, place, flag, wanted, switch)
            beside = {"overrides": done.overrides, "users": done.users}
            said.append({"environment": place.name, "changed": done.changed, "seconds": round(took, 1), **beside})
            _say(place.name, flag, wanted, said[-1], is_seen=is_seen)
        tag = None
        if length is not None:
            why = f"{flag} {wanted} in {', '.join(names)}: {reason.strip()}"
            tag = held.hold(connection, row, length, why)
            progress().print(f"Held: the tag {tag} keeps every apply away until then.", style="cyan", markup=False)
            progress().print(f"It ends before with: ff flags release {flag}", style="dim", markup=False)
        run = record(connection, row, places, started, reason.strip())
        noted, problem = keep(connection, run, file)
    if problem is not None:
        progress().print(f"The reason is not noted: {problem}", style="yellow", markup=False)
    kept = [*(["the tag of the hold"] if tag else []), *noted]
    kept += ["the flag's version"] if any(place.is_versioned for place in places) else []
    progress().print(LATER, style="dim", soft_wrap=True)
    where_kept = f"The reason is kept in {', '.join(kept)}." if kept else "The reason is kept nowhere but here."
    progress().print(where_kept, style="dim", markup=False, soft_wrap=True)
    if as_json:
        print_json({"flag": flag, "hold": tag, "environments": said})


def release(
    *, flag: FlagArgument, catalogue: KnownOption = None, stack: SomeStackOption = None, url: UrlOption = None
) -> None:
    """End the holds of a flag; what was switched by hand stays as it is until somebody takes it back."""
    declared = known(catalogue)
    with connect(stack=stack, url=url, project=declared.project if declared else None) as connection:
        row = held.feature(connection, flag)
        tags = held.release(connection, row)
    if not tags:
        progress().print(f"{flag} is not held.", style="green", markup=False)
        return
    progress().print(f"{flag} is not held any more: {', '.join(tags)} is gone.", style="green", markup=False)
    progress().print("The next apply names what differs from the catalogue, and undoes nothing by itself.")


def _wanted(enabled: bool | None, value: str | None) -> Wanted:  # noqa: FBT001 - the option as typed
    if enabled is None and value is None:
        raise BadInputError("What shall it be?", hint="Give --on, --off or --value V.")
    return Wanted(enabled, None if value is None else _read(value), value is not None)


def _read(text: str) -> "Plain":
    """A value as it is typed."""
    if text in ("true", "false"):
        return text == "true"
    return int(text) if re.fullmatch(r"-?(0|[1-9][0-9]{0,9})", text) and abs(int(text)) < 2**31 else text.strip()


def _say(place: str, flag: str, wanted: Wanted, said: dict[str, Any], *, is_seen: bool) -> None:
    how = f"served after {said['seconds']} s" if is_seen else "written; clients do not get it, so nothing shows it"
    progress().print(f"{place}: {flag} is {wanted}, {how}.", style="green", markup=False, soft_wrap=True)
    if said["overrides"]:
        progress().print(f"  {said['overrides']} segments have it otherwise, by overrides.", style="yellow")
    if said["users"]:
        progress().print(f"  {said['users']} users have it otherwise, by overrides of their own.", style="yellow")
