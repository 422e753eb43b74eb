"""The measured figures that capacity is computed from, each with its place.

All of them are of Flagsmith 2.265.0 on one virtual machine of two cores, which the clients and PostgreSQL shared:
rough, and low. All but the document's are of runs on a machine that did nothing else. A core's share of such a rate is
what the API, the database and the client took together.
"""

from dataclasses import dataclass
from typing import Final

RESULTS: Final = "benchmarks/RESULTS.md"
CORES: Final = 2
"""Those of the machine that every rate is of."""


@dataclass(frozen=True)
class Rate:
    """Requests a second that were measured.

    Attributes:
        value: requests a second.
        row: how the row of the table in RESULTS.md begins.
        cell: how the cell reads there.
    """

    value: float
    row: str
    cell: str

    @property
    def core_seconds(self) -> float:
        """Seconds of a core that one request took, of everything on the machine."""
        return CORES / self.value


# 50 flags, 3 segments, every fifth flag overridden in one of them; the environment of a stack, 2 processes.
FLAGS_GET: Final = Rate(823, "| `/flags/` |", "823 rps, p99 54 ms")
IDENTITIES_GET: Final = Rate(610, "| `/identities/` GET, 100 users in turn |", "610 rps, p99 375 ms")
IDENTITIES_POST: Final = Rate(81, "| `/identities/` POST with traits, 100 users in turn |", "81 rps, p99 593 ms")
DOCUMENT: Final = Rate(274, "| `/environment-document/` |", "274 rps, p99 444 ms")
UNCACHED: Final = Rate(104, "| `/flags/` |", "104 rps, p99 492 ms")
"""Without caches: taken for reports of evaluations, which were not measured and ask the database too."""

# One proxy of the edge is one process, and was measured so.
EDGE_GET: Final = Rate(1609, "| `/identities/` GET, 100 users in turn |", "1,609 rps, p99 17 ms")
EDGE_POST: Final = Rate(1560, "| `/identities/` POST with traits, 100 users in turn |", "1,560 rps, p99 17 ms")

# The same with 750 overrides, each of 50 flags in each of 15 segments: of what is asked for, what gets dearest.
API_FEW: Final = IDENTITIES_GET
API_MANY: Final = Rate(240, "| `/identities/` GET, 100 users in turn |", "240 rps, p99 681 ms")
EDGE_FEW: Final = EDGE_GET
EDGE_MANY: Final = Rate(238, "| `/identities/` GET, 100 users in turn |", "238 rps, p99 116 ms")
RATES: Final = (
    *(FLAGS_GET, IDENTITIES_GET, IDENTITIES_POST, DOCUMENT, UNCACHED),
    *(EDGE_GET, EDGE_POST, API_MANY, EDGE_MANY),
)

# What the project held in the two measurements.
FLAGS: Final = 50
FEW_SEGMENTS, FEW_OVERRIDES = 3, 10
MANY_SEGMENTS, MANY_OVERRIDES = 15, 750

# The vendor's guide (sizing-and-scaling.md at 2.265.0, "Headroom rules"): twice the busiest hour, and half of the
# database's CPU.
HEADROOM: Final = 2
DATABASE_HEADROOM: Final = 2
# The vendor's bands of requests a second that know the user (its pattern A), by size; more is `xlarge`.
BANDS: Final = {"small": 10.0, "medium": 50.0, "large": 200.0}
CALLS_A_SESSION: Final = 2
"""The vendor's baseline (pattern A): one when the page opens, one at the log-in."""

# Not measured apart: PostgreSQL's part of a request that no cache answers.
DATABASE_SHARE: Final = 0.5

REPORT_SECONDS: Final = 10
"""How often an SDK reports evaluations while there are any (read in the Python SDK)."""
IDENTITY_BYTES: Final = 220
TRAIT_BYTES: Final = 193
AUDIT_BYTES: Final = 300
"""Measured on PostgreSQL 17.11: docs/capacity.md."""
