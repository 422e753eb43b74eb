"""The measured figures that capacity is computed from, each with its place.

All of them are of Flagsmith 2.265.0 on one virtual machine of two cores, which the clients, PostgreSQL and other work
shared: rough, and low. A core's share of such a rate is what the API, the database and the client took together.
"""

from dataclasses import dataclass
from typing import Final

RESULTS: Final = "benchmarks/RESULTS.md"
CORES: Final = 2
"""Those of the machine that every rate is of."""


@dataclass(frozen=True)
class Rate:
    """LoadRequests a second that were measured.

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
FLAGS_GET: Final = Rate(457, "| `/flags/` |", "457 rps, p99 88 ms")
IDENTITIES_GET: Final = Rate(314, "| `/identities/` GET, 100 users in turn |", "314 rps, p99 347 ms")
IDENTITIES_POST: Final = Rate(29, "| `/identities/` POST with traits, 100 users in turn |", "29 rps, p99 1,510 ms")
DOCUMENT: Final = Rate(274, "| `/environment-document/` |", "274 rps, p99 444 ms")
UNCACHED: Final = Rate(48, "| `/flags/` |", "48 rps, p99 454 ms")
"""Without caches: taken for reports of evaluations, which were not measured and ask the database too."""

# One proxy of the edge is one process, and was measured so.
EDGE_GET: Final = Rate(817, "| `/identities/` GET, 100 users in turn |", "817 rps, p99 237 ms")
EDGE_POST: Final = Rate(363, "| `/identities/` POST with traits, 100 users in turn |", "363 rps, p99 171 ms")

# The same with 750 overrides, each of 50 flags in each of 15 segments, at a higher load of the machine.
API_FEW: Final = Rate(377, "| `/flags/` |", "377 rps, p99 212 ms")
API_MANY: Final = Rate(183, "| `/flags/` |", "183 rps, p99 535 ms")
EDGE_FEW: Final = Rate(876, "| `/flags/` |", "876 rps, p99 82 ms")
EDGE_MANY: Final = Rate(59, "| `/flags/` |", "59 rps, p99 595 ms")
RATES: Final = (
    *(FLAGS_GET, IDENTITIES_GET, IDENTITIES_POST, DOCUMENT, UNCACHED),
    *(EDGE_GET, EDGE_POST, API_FEW, API_MANY, EDGE_FEW, EDGE_MANY),
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
