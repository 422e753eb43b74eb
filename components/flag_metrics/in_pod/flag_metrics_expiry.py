"""The part of the flag metrics that tells until when features may stay: what the catalogue says, as a tag."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from flag_metrics_parts import MOST_PAIRS, Family, Part
from flag_metrics_tag import PREFIX, day_of
from prometheus_client.core import GaugeMetricFamily
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name


def ends(label: str) -> float | None:
    """When the day of a tag is over, in UTC, as seconds; None for a tag that names none."""
    day = day_of(label)
    return None if day is None else (datetime.combine(day, time(), UTC) + timedelta(days=1)).timestamp()


class Expiry(Part):
    """Until when a feature may stay. Of several tags the earliest day counts."""

    name = "expiry"
    reads = ("tags_tag", "features_feature_tags", "features_feature", "projects_project")

    def collect(self, cursor: Cursor) -> Sequence[Family]:
        """A feature without such a tag has no series; of features that are archived the label says so."""
        cursor.execute(
            "SELECT p.name, f.name, f.is_archived, t.label FROM public.tags_tag t"
            " JOIN public.features_feature_tags l ON l.tag_id = t.id"
            " JOIN public.features_feature f ON f.id = l.feature_id"
            " JOIN public.projects_project p ON p.id = f.project_id"
            " WHERE t.label LIKE %s AND f.deleted_at IS NULL AND p.deleted_at IS NULL ORDER BY f.id LIMIT %s",
            (f"{PREFIX}%", MOST_PAIRS),
        )
        days: dict[tuple[str, str, str], float] = {}
        for project, feature, archived, label in cursor.fetchall():
            end = ends(label)
            if end is not None:
                key = (project, feature, str(archived).lower())
                days[key] = min(end, days.get(key, end))
        family = GaugeMetricFamily(
            "flagsmith_feature_expires_timestamp_seconds",
            "When the day is over until which the feature may stay, by its tag expires-YEAR-MONTH-DAY.",
            labels=["project", "feature", "archived"],
        )
        for labels, end in days.items():
            family.add_metric(labels, end)
        return [family]
