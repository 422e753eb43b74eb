"""The part of the flag metrics that says how much there is of what grows.

Tables and columns as of Flagsmith 2.265.0.
"""

from collections.abc import Sequence

from flag_metrics_parts import Family, Part
from prometheus_client.core import GaugeMetricFamily
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name


class Inventory(Part):
    """How much there is of what grows."""

    name = "inventory"
    reads = ("features_feature", "segments_segment", "projects_project", "environments_identity")

    def collect(self, cursor: Cursor) -> Sequence[Family]:
        """Identities can be millions: PostgreSQL's own estimate, as old as its last ANALYZE, costs nothing."""
        families = []
        for name, table, text, only in (
            ("flagsmith_features", "features_feature", "Features of the project, archived ones too.", ""),
            ("flagsmith_segments", "segments_segment", "Segments of the project.", "AND s.version_of_id = s.id"),
        ):
            cursor.execute(
                f"SELECT p.name, count(*) FROM public.{table} s JOIN public.projects_project p ON p.id = s.project_id"
                f" WHERE s.deleted_at IS NULL AND p.deleted_at IS NULL {only} GROUP BY 1"
            )
            family = GaugeMetricFamily(name, text, labels=["project"])
            for project, count in cursor.fetchall():
                family.add_metric([project], count)
            families.append(family)
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = to_regclass('public.environments_identity')")
        ((estimate,),) = cursor.fetchall()
        if estimate >= 0:
            text = "Identities of all environments, as PostgreSQL estimates them."
            families.append(GaugeMetricFamily("flagsmith_identities_estimate", text, value=estimate))
        return families
