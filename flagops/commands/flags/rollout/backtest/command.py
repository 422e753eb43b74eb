"""`ff flags rollout test`: what the guards of a rollout would have done over the past."""

from dataclasses import asdict
from typing import Annotated

import typer

from components.rollouts.in_pod.declared import Guard
from flagops.commands.flags.catalogue.complete import flags
from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.catalogue.options import CATALOGUE, CatalogueOption, read
from flagops.commands.flags.reconcile.desired import desired
from flagops.commands.flags.rollout.backtest.backtest import Backtest, backtest
from flagops.commands.flags.rollout.found import now
from flagops.commands.flags.rollout.options import AuthorityOption, PrometheusOption, prometheus_at
from flagops.console import output, progress
from flagops.errors import BadInputError, NotFoundError
from flagops.terminal.duration import duration
from flagops.terminal.listing import Column, Gives, Listing
from flagops.terminal.options import JsonOption, print_json

MOST = 5
"""Alarms that a row names; --json has all."""
COLUMNS = (
    Column("GUARD"),
    Column("ALARMS", is_number=True),
    Column("OUT", is_number=True),
    Column("WITHOUT DATA", is_number=True),
    Column("TOO FEW", is_number=True),
    Column("VALUES"),
    Column("NO ALARM WITH", Gives.BELOW),
)


def try_guards(
    *,
    flag: Annotated[str, typer.Argument(help="The flag's name.", autocompletion=flags, show_default=False)],
    since: Annotated[str, typer.Option("--since", help="For how long back, such as 14d.")] = "14d",
    window: Annotated[str, typer.Option("--window", help="How long the share was live: $window in queries.")] = "1h",
    prometheus: PrometheusOption = None,
    prometheus_ca: AuthorityOption = None,
    catalogue: CatalogueOption = CATALOGUE,
    as_json: JsonOption = False,
) -> None:
    """Ask Prometheus what each guard of a rollout would have done over the past, at one look a minute.

    While nothing was rolled out each alarm is a false one. It asks no Flagsmith, and the catalogue need not be applied.
    """
    asked = prometheus_at(prometheus, prometheus_ca)
    if asked is None:
        raise BadInputError("Which Prometheus?", hint="Give --prometheus URL.")
    length = duration(since, "--since")
    if not length or not duration(window, "--window"):
        raise BadInputError("--since and --window must be more than 0.")
    guards = _guards(read(catalogue)[0], flag)
    moment = now().replace(microsecond=0)
    done = [backtest(asked, guard, length, window, moment) for guard in guards if guard.comparison is None]
    for guard in guards:
        if guard.comparison is not None:
            said = f"{guard.name} compares two arms, and the past had one: it was not tried."
            progress().print(said, style="yellow", markup=False)
    if as_json:
        print_json([asdict(item) for item in done])
    elif done:
        output().print(_listing(done))


def _guards(declared: Catalogue, flag: str) -> list[Guard]:
    """The guards of a flag's rollouts, each once. Raises NotFoundError where there is none."""
    segments = desired(declared).segments.values()
    found = {
        guard.name: guard
        for item in segments
        if item.rollout is not None and item.rollout.flag == flag
        for guard in item.rollout.guards
    }
    if not found:
        raise NotFoundError(
            f"{flag} has no rollout with guards in the catalogue.", hint="Add `guards` to its `rollout`."
        )
    return list(found.values())


def _listing(done: list[Backtest]) -> Listing:
    listing = Listing(COLUMNS)
    for item in done:
        values = "none" if item.lowest is None else f"{item.lowest:.4g} to {item.highest:.4g}"
        bounds = [
            f"{name} {bound:.4g}"
            for name, bound in (("at_most", item.at_most), ("at_least", item.at_least))
            if bound is not None
        ]
        gap = f", {item.longest_silence / 60:.0f}m at once" if item.silent else ""
        listing.add(
            item.guard,
            str(len(item.alarms)),
            _share(item.out, item.looks),
            f"{_share(item.silent, item.looks)}{gap}",
            _share(item.few, item.looks),
            values,
            ", ".join([*bounds, *(f"alarm from {begin} to {end}" for begin, end in item.alarms[:MOST])]),
            style="yellow" if item.alarms else "green",
        )
    return listing


def _share(count: int, whole: int) -> str:
    return f"{100 * count / whole:.1f} %"
