"""Above or below what an alert fires: the vendor's figures (sizing guide, read at 2.265.0) where it gives one."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from components.settings.base import Section
from components.settings.types import Count, Kind, WholeNumber, decimal

Percent = Annotated[WholeNumber, Field(ge=1, le=100), Kind("percent, 1 to 100")]
Decimal = Annotated[float, BeforeValidator(decimal), Field(gt=0)]
Share = Annotated[Decimal, Field(le=100), Kind("percent, above 0")]
# The histogram's last bucket ends there: above it, a quantile cannot be told.
Latency = Annotated[Decimal, Field(le=10), Kind("seconds, up to 10")]


class Thresholds(Section):
    """What the alerts compare with."""

    sdk_error_percent: Share = Field(
        default=1,
        description="Share of 5xx in an SDK endpoint's answers within an hour. Ten times this share within 5 minutes, "
        "or 50 %, fires at once.",
    )
    error_percent: Share = Field(
        default=0.1,
        description="Share of 5xx in the whole API's answers within an hour (vendor: worth a look above 0.1).",
    )
    latency_seconds: Latency = Field(
        default=1, description="The 99th percentile of an SDK endpoint's answers (vendor: 1 s)."
    )
    cpu_percent: Percent = Field(
        default=80, description="CPU that a container uses, as a share of its limit (vendor: 80)."
    )
    memory_percent: Percent = Field(default=90, description="Memory that a container uses, as a share of its limit.")
    connections_percent: Percent = Field(
        default=70, description="Connections to PostgreSQL, as a share of `max_connections` (vendor: 70)."
    )
    cache_miss_percent: Percent = Field(
        default=50, description="Share of the requested environment documents that the cache did not have."
    )
    evictions_per_second: Decimal = Field(default=1, description="Keys that a full Redis drops per second.")
    tasks_waiting: Count = Field(default=1000, description="Tasks that are due and have not started.")
    task_wait_seconds: Count = Field(default=300, description="How long the oldest of them has waited.")
    volume_percent: Percent = Field(default=85, description="Used share of a volume.")
    edge_proxies: Count = Field(default=2, description="The fewest proxies of the edge that have documents.")
    edge_stale_seconds: Count = Field(
        default=300,
        description="The greatest age of a proxy's documents. Six times `edge.pollSeconds` counts in its place, if "
        "that is more.",
    )
    certificate_days: Count = Field(
        default=14, description="Days until the certificate ends; cert-manager renews at 30."
    )
