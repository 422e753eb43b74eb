"""How often each flag was evaluated, day by day, as Flagsmith counts what SDKs report to it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.explain.ask import find
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.deployed import Environment
from flagops.flagsmith_api.throwaway import kept

THREADS = 4
BLOCKS = "▁▂▃▄▅▆▇█"
NOTHING = "·"  # a day without a single evaluation
Row = Mapping[str, Any]


@dataclass(frozen=True)
class FlagUsage:
    """The evaluations of a flag.

    Attributes:
        name: The flag's.
        days: Evaluations by day, those of all the environments together; days without any are left out.
        created: When the flag was made.
        owner: Who answers for it, where a catalogue says so.
        is_archived: Whether the UI hides it; it is served all the same.
    """

    name: str
    days: Mapping[date, int]
    created: date
    owner: str | None = None
    is_archived: bool = False

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.days.values())

    @property
    def last(self) -> date | None:
        """The last day with one."""
        return max(self.days, default=None)


@dataclass(frozen=True)
class Usage:
    """The evaluations of several flags in the days from `first` to `today`, the most used flag first."""

    first: date
    today: date
    environments: tuple[str, ...]
    flags: tuple[FlagUsage, ...] = field(default=())

    @property
    def days(self) -> list[date]:
        """Each day of the period."""
        return [self.first + timedelta(days=number) for number in range((self.today - self.first).days + 1)]

    @property
    def used(self) -> list[FlagUsage]:
        """Those that were evaluated."""
        return [item for item in self.flags if item.total]

    @property
    def unused(self) -> list[FlagUsage]:
        """Those that were not, the oldest first."""
        return sorted((item for item in self.flags if not item.total), key=lambda item: (item.created, item.name))


def usage(
    connection: Connection,
    environments: Sequence[Environment],
    days: int,
    *,
    only: str | None = None,
    catalogue: Catalogue | None = None,
    on_start: Callable[[int], None] = lambda _: None,
) -> Usage:
    """The usage of the project's flags, archived ones too, or of one; one request for each flag and environment.

    `on_start` is told how many that are. Raises OpsError for a flag that there is not.
    """
    client, project = connection.client, f"/api/v1/projects/{connection.project}/features/"
    rows = kept(client.pages(project))
    wanted = [find(rows, only)] if only is not None else list(rows)
    until = datetime.now(UTC).date()
    pairs = [(row, environment) for row in wanted for environment in environments]
    on_start(len(pairs))

    def counted(pair: tuple[Row, Environment]) -> list[Row]:
        row, environment = pair
        asked: dict[str, str | int] = {"environment_id": environment.id, "period": days}
        found: list[Row] = client.get(f"{project}{row['id']}/evaluation-data/", asked)
        return found

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(counted, pairs))
    by_flag: dict[int, list[Row]] = {row["id"]: [] for row in wanted}
    for (row, _), answer in zip(pairs, answers, strict=True):
        by_flag[row["id"]] += answer
    owners = {name: flag.owner for name, flag in catalogue.flags.items()} if catalogue else {}
    flags = [
        FlagUsage(
            row["name"],
            _by_day(by_flag[row["id"]]),
            _day(row["created_date"]),
            owners.get(row["name"]),
            row["is_archived"],
        )
        for row in wanted
    ]
    return Usage(
        until - timedelta(days=days - 1),
        until,
        tuple(item.name for item in environments),
        tuple(sorted(flags, key=lambda item: (-item.total, item.name))),
    )


def _by_day(rows: Iterable[Row]) -> dict[date, int]:
    """The counts by day; Flagsmith has one row for each day and set of labels."""
    counts: Counter[date] = Counter()
    for row in rows:
        counts[date.fromisoformat(row["day"])] += row["count"]
    return dict(sorted(counts.items()))


def _day(moment: str) -> date:
    return datetime.fromisoformat(moment).astimezone(UTC).date()


def sparkline(item: FlagUsage, days: Collection[date]) -> str:
    """A block for each day, as high as its share of the flag's busiest day."""
    most = max(item.days.values(), default=0)
    return "".join(_block(item.days.get(day, 0), most) for day in days)


def _block(count: int, most: int) -> str:
    """The lowest block for the least, the highest for the most."""
    if count <= 0:
        return NOTHING
    return BLOCKS[round((len(BLOCKS) - 1) * count / most)]
