"""`ff capacity`: what a load takes."""

from typing import Annotated, Any

import typer

from flagops.commands.capacity import view
from flagops.commands.capacity.load import Load, requests
from flagops.console import output
from flagops.errors import BadInputError
from flagops.terminal.options import JsonOption, print_json

MOST = 1_000_000_000_000
MOST_OF_A_PROJECT = 100_000
SECONDS = 24 * 60 * 60


def _number(text: str, *, least: int = 0, most: int = MOST, default: str | bool = False) -> Any:
    return typer.Option(help=text, min=least, max=most, show_default=default)


def capacity(
    *,
    requests_per_day: Annotated[int, _number("Requests a day of SDKs that evaluate remotely, without traits.")] = 0,
    polling_clients: Annotated[int, _number("Clients that ask for flags again and again.")] = 0,
    every: Annotated[
        int | None, _number("Seconds between two such requests.", least=1, most=SECONDS, default="60")
    ] = None,
    browsers: Annotated[int, _number("Sessions a day of browsers and apps: one GET and one POST each.")] = 0,
    identities_per_day: Annotated[int, _number("Further requests a day with traits (POST).")] = 0,
    local_sdks: Annotated[int, _number("SDKs that evaluate locally.")] = 0,
    local_every: Annotated[
        int | None, _number("Seconds between two of their polls.", least=1, most=SECONDS, default="60")
    ] = None,
    reporting_clients: Annotated[int, _number("SDKs that report evaluations, every 10 s.")] = 0,
    flags: Annotated[int, _number("Flags of the project.", least=1, most=MOST_OF_A_PROJECT, default=True)] = Load.flags,
    segments: Annotated[int, _number("Segments.", most=MOST_OF_A_PROJECT, default=True)] = Load.segments,
    segment_overrides: Annotated[
        int, _number("Overrides for segments, in one environment.", most=MOST_OF_A_PROJECT, default=True)
    ] = Load.segment_overrides,
    identity_overrides: Annotated[
        int, _number("Overrides for identities, in one environment.", most=MOST_OF_A_PROJECT)
    ] = 0,
    environments: Annotated[int, _number("Environments.", least=1, most=1000, default=True)] = Load.environments,
    users: Annotated[int, _number("Identities that are stored, in all.")] = 0,
    traits: Annotated[int, _number("Traits of each.", most=MOST_OF_A_PROJECT, default=True)] = Load.traits,
    changes_per_day: Annotated[int, _number("Entries of the audit log a day.", default=True)] = Load.changes_per_day,
    busiest_hour: Annotated[
        int, _number("Percent of a day's requests in its busiest hour.", least=5, most=100, default=True)
    ] = Load.busiest_hour,
    raw_days: Annotated[
        int, _number("Days that single reports are kept.", least=1, most=3650, default=True)
    ] = Load.raw_days,
    availability: Annotated[
        str, typer.Option(metavar="single|high", help="high: a database that survives the loss of a node.")
    ] = Load.availability,
    edge: Annotated[
        bool, typer.Option("--edge", help="Let proxies of the edge answer all but documents and reports.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compute what a load takes: size, pods, connections, disk, and whether the edge pays.

    From figures that were measured on one small machine, with headroom: docs/capacity.md.
    """
    for seconds, clients, option, needed in (
        (every, polling_clients, "--every", "--polling-clients"),
        (local_every, local_sdks, "--local-every", "--local-sdks"),
    ):
        if seconds is not None and not clients:
            raise BadInputError(f"{option} is for {needed}, which is not given: give it, or leave {option} out.")
    if availability not in ("single", "high"):
        raise BadInputError(f"--availability is {availability!r}: it must be single or high.")
    load = Load(
        requests_per_day=requests_per_day,
        polling_clients=polling_clients,
        every=every or Load.every,
        browsers=browsers,
        identities_per_day=identities_per_day,
        local_sdks=local_sdks,
        local_every=local_every or Load.local_every,
        reporting_clients=reporting_clients,
        flags=flags,
        segments=segments,
        segment_overrides=segment_overrides,
        identity_overrides=identity_overrides,
        environments=environments,
        users=users,
        traits=traits,
        changes_per_day=changes_per_day,
        busiest_hour=busiest_hour,
        raw_days=raw_days,
        availability="high" if availability == "high" else "single",
        edge=edge,
    )
    if not requests(load).total:
        raise BadInputError(
            "No load is given.",
            hint="Say what asks Flagsmith, for example: ff capacity --browsers 100000 --local-sdks 30",
        )
    # The settings' model takes a second to import.
    from flagops.commands.capacity.plan import capacity as computed

    found = computed(load)
    if as_json:
        print_json(found)
    else:
        view.show(output(), found)
