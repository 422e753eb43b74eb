"""The parts of the flag metrics that tell who got what, by what SDKs reported.

Whoever is evaluated by an SDK itself, or at the edge, is in no table of identities. A report can say who was evaluated
and whether the flag was on (version 2 of the endpoint), and exposures of an experiment say who got which variant.
Tables and columns as of Flagsmith 2.265.0: app_analytics/models.py, experimentation/models.py and dataclasses.py.
"""

from collections import defaultdict
from collections.abc import Sequence

from flag_metrics_parts import FEATURE, Catalogue, Family, Part
from prometheus_client.core import GaugeMetricFamily
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name

# The newest rows, by primary key: however many there are, a turn reads no more.
MOST_ROWS = 200_000
WINDOW = "1 hour"
ENABLED = {True: "true", False: "false"}


class Reports(Part):
    """Of the last hour: how many users were told that a feature is on or off, and how often it was told."""

    name = "reports"
    reads = ("app_analytics_featureevaluationraw",)

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def collect(self, cursor: Cursor) -> Sequence[Family]:
        """Who was told both counts for what was told last. Version 1 of the endpoint says neither who nor what."""
        cursor.execute(
            """
            WITH newest AS (
                SELECT id, created_at, environment_id, feature_name, identity_identifier, enabled_when_evaluated,
                    greatest(evaluation_count, 0) AS evaluations
                FROM public.app_analytics_featureevaluationraw ORDER BY id DESC LIMIT %s
            ), told AS (
                SELECT *, row_number() OVER (PARTITION BY environment_id, feature_name, identity_identifier
                    ORDER BY id DESC) AS place
                FROM newest WHERE created_at > now() - %s::interval AND enabled_when_evaluated IS NOT NULL
            )
            SELECT environment_id, feature_name, enabled_when_evaluated, sum(evaluations),
                count(*) FILTER (WHERE place = 1 AND identity_identifier IS NOT NULL)
            FROM told GROUP BY 1, 2, 3
            """,
            (MOST_ROWS, WINDOW),
        )
        evaluations: defaultdict[tuple[str, ...], int] = defaultdict(int)
        identities: defaultdict[tuple[str, ...], int] = defaultdict(int)
        for environment, feature, enabled, told, users in cursor.fetchall():
            labels = self.catalogue.pairs.get((environment, feature))
            if labels is not None:
                evaluations[*labels, ENABLED[enabled]] += int(told)
                identities[*labels, ENABLED[enabled]] += users
        return [
            _gauge(
                "flagsmith_feature_reported_identities",
                "Users of the last hour, by what SDKs reported that the feature was for them the last time.",
                "enabled",
                {labels: users for labels, users in identities.items() if users},
            ),
            _gauge(
                "flagsmith_feature_reported_evaluations",
                "Evaluations of the last hour, by what SDKs reported that the feature was.",
                "enabled",
                evaluations,
            ),
        ]


class Exposures(Part):
    """Of each experiment, how many users got which variant, as Flagsmith last found it in the warehouse of events."""

    name = "exposures"
    reads = ("experimentation_experiment", "experimentation_experimentexposures")
    since_a_release = True

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def collect(self, cursor: Cursor) -> Sequence[Family]:
        """Each user counts once, in the hour or day of the first exposure; with two variants in none of them."""
        cursor.execute(
            """
            SELECT x.environment_id, x.feature_id, variants.key, sum(variants.value::numeric)
            FROM public.experimentation_experiment x
            JOIN public.experimentation_experimentexposures e ON e.experiment_id = x.id
            CROSS JOIN LATERAL jsonb_array_elements(e.payload #> '{timeseries,points}') AS points
            CROSS JOIN LATERAL jsonb_each_text(points.value -> 'new_identities') AS variants
            WHERE x.deleted_at IS NULL GROUP BY 1, 2, 3
            """
        )
        exposed: defaultdict[tuple[str, ...], int] = defaultdict(int)
        for environment, feature, variant, users in cursor.fetchall():
            labels = self.catalogue.pairs.get((environment, self.catalogue.features.get(feature, "")))
            if labels is not None:
                exposed[*labels, variant] += int(users)
        text = "Users that experiments of the feature exposed to a variant, as Flagsmith last asked the warehouse."
        return [_gauge("flagsmith_feature_exposed_identities", text, "variant", exposed)]


def _gauge(name: str, text: str, label: str, values: "dict[tuple[str, ...], int]") -> Family:
    family = GaugeMetricFamily(name, text, labels=[*FEATURE, label])
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family
