"""What a Flagsmith is asked: the numbers that people know, and the requests a second that follow."""

from dataclasses import dataclass
from typing import Literal

from flagops.commands.capacity import figures

DAY_SECONDS = 24 * 60 * 60
Availability = Literal["single", "high"]


@dataclass(frozen=True, kw_only=True)
class Load:
    """The load.

    Attributes:
        requests_per_day: of SDKs that evaluate remotely and send no traits (GET).
        polling_clients: clients that ask for flags remotely, each every so many seconds.
        every: these seconds.
        browsers: sessions a day in browsers and apps, each with one GET and one POST with traits.
        identities_per_day: further POSTs with traits.
        local_sdks: SDKs that evaluate locally, and ask for the environment's document.
        local_every: every so many seconds.
        reporting_clients: SDKs that report evaluations.
        flags: of the project.
        segments: of the project.
        segment_overrides: of one environment.
        identity_overrides: of one environment.
        environments: of the project.
        users: identities that are stored in all.
        traits: of each of them.
        changes_per_day: entries of the audit log.
        busiest_hour: the share of a day's requests that comes in its busiest hour, in percent.
        raw_days: how long single reports are kept.
        availability: `high` for a database that survives a node.
        edge: whether proxies of the edge answer GETs and POSTs.
    """

    requests_per_day: int = 0
    polling_clients: int = 0
    every: int = 60
    browsers: int = 0
    identities_per_day: int = 0
    local_sdks: int = 0
    local_every: int = 60
    reporting_clients: int = 0
    flags: int = figures.FLAGS
    segments: int = figures.FEW_SEGMENTS
    segment_overrides: int = figures.FEW_OVERRIDES
    identity_overrides: int = 0
    environments: int = 3
    users: int = 0
    traits: int = 5
    changes_per_day: int = 100
    busiest_hour: int = 10
    raw_days: int = 30
    availability: Availability = "single"
    edge: bool = False


@dataclass(frozen=True, kw_only=True)
class LoadRequests:
    """Requests a second in the busiest hour.

    Attributes:
        gets: remote evaluation without traits.
        posts: with traits.
        documents: local evaluation.
        reports: of evaluations.
    """

    gets: float
    posts: float
    documents: float
    reports: float

    @property
    def total(self) -> float:
        """All of them."""
        return self.gets + self.posts + self.documents + self.reports


def requests(load: Load) -> LoadRequests:
    """Spread a day over its hours, and add what comes all the time."""

    def busiest(a_day: int) -> float:
        return a_day / DAY_SECONDS * load.busiest_hour * 24 / 100

    return LoadRequests(
        gets=busiest(load.requests_per_day + load.browsers) + load.polling_clients / load.every,
        posts=busiest(load.identities_per_day + load.browsers),
        documents=load.local_sdks / load.local_every,
        reports=load.reporting_clients / figures.REPORT_SECONDS,
    )


def reported_flags(load: Load) -> int:
    """How many flags are reported, each environment's counted; none without anybody who reports."""
    return load.flags * load.environments if load.reporting_clients else 0


def _beyond(load: Load, *, overrides: int) -> float:
    """How far the project is from the smaller one that was measured to the larger one: 0 to 1, and more beyond."""
    wide = (load.segments - figures.FEW_SEGMENTS) / (figures.MANY_SEGMENTS - figures.FEW_SEGMENTS)
    deep = (overrides - figures.FEW_OVERRIDES) / (figures.MANY_OVERRIDES - figures.FEW_OVERRIDES)
    return max(0.0, wide, deep)


def weight(load: Load, few: figures.Rate, many: figures.Rate, *, with_identities: bool = False) -> float:
    """How many times as much a request takes as in the project that was measured; never less than 1.

    Between the two that were measured, and beyond, on a straight line; above 50 flags in proportion to them.
    """
    overrides = load.segment_overrides + (load.identity_overrides if with_identities else 0)
    slower = few.value / many.value - 1
    return max(1.0, load.flags / figures.FLAGS) * (1 + slower * _beyond(load, overrides=overrides))
