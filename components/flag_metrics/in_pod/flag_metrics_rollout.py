"""The part of the flag metrics that tells for whom features are on by their settings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flag_metrics_parts import FEATURE, Catalogue, Family, Pair, Part, has_column
from prometheus_client.core import GaugeMetricFamily
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name

# A state's id, its pair, whether it is on, and the segment and the priority of an override.
State = tuple[int, Pair, bool, int | None, int | None]

# A state that counts: of the newest published version where an environment has versions, else the newest one live.
LIVE_STATES = """
    WITH latest AS (
        SELECT DISTINCT ON (environment_id, feature_id) uuid
        FROM public.feature_versioning_environmentfeatureversion
        WHERE deleted_at IS NULL AND published_at IS NOT NULL AND live_from <= now()
        ORDER BY environment_id, feature_id, live_from DESC
    )
    SELECT DISTINCT ON (s.environment_id, s.feature_id, s.feature_segment_id)
        s.id, s.environment_id, s.feature_id, s.enabled, o.segment_id, o.priority
    FROM public.features_featurestate s
    JOIN public.environments_environment e ON e.id = s.environment_id
    LEFT JOIN public.features_featuresegment o ON o.id = s.feature_segment_id
    WHERE s.deleted_at IS NULL AND s.identity_id IS NULL AND e.deleted_at IS NULL
        AND CASE WHEN e.use_v2_feature_versioning THEN s.environment_feature_version_id IN (SELECT uuid FROM latest)
            ELSE s.live_from <= now() AND s.version IS NOT NULL END
    ORDER BY s.environment_id, s.feature_id, s.feature_segment_id, s.live_from DESC, s.version DESC
"""
RULES = """
    WITH RECURSIVE rules AS (
        SELECT id, type, rule_id AS parent, segment_id FROM public.segments_segmentrule
        WHERE segment_id = ANY(%s) AND deleted_at IS NULL
        UNION ALL
        SELECT r.id, r.type, r.rule_id, rules.segment_id
        FROM public.segments_segmentrule r JOIN rules ON r.rule_id = rules.id WHERE r.deleted_at IS NULL
    )
    SELECT id, type, parent, segment_id FROM rules ORDER BY id
"""
# What `live_states` and `Segments` read.
READ = (
    "feature_versioning_environmentfeatureversion",
    "features_featurestate",
    "environments_environment",
    "features_featuresegment",
    "segments_segment",
    "segments_segmentrule",
    "segments_condition",
)


def live_states(cursor: Cursor, catalogue: Catalogue) -> list[State]:
    """State id, pair, enabled, segment and priority of what counts for everyone, or for a segment."""
    cursor.execute(LIVE_STATES)
    found = []
    for state, environment, feature, enabled, segment, priority in cursor.fetchall():
        pair = (environment, catalogue.features.get(feature, ""))
        if pair in catalogue.pairs:
            found.append((state, pair, enabled, segment, priority))
    return found


class Segments:
    """The rules of segments, as Flagsmith's engine takes them.

    Attributes:
        names: name by segment id; one that was deleted is left out.
        rules: rules by segment id.
        properties: what their conditions ask about.
        splits: by segment id, the smallest percentage of its percentage splits, which all look at the same number.
    """

    def __init__(self, cursor: Cursor, segments: Iterable[int]) -> None:
        cursor.execute(
            "SELECT id, name FROM public.segments_segment WHERE id = ANY(%s) AND deleted_at IS NULL", (list(segments),)
        )
        self.names: dict[int, str] = dict(cursor.fetchall())
        cursor.execute(RULES, (list(self.names),))
        rows = cursor.fetchall()
        cursor.execute(
            "SELECT rule_id, operator, property, value FROM public.segments_condition"
            " WHERE rule_id = ANY(%s) AND deleted_at IS NULL ORDER BY id",
            ([row[0] for row in rows],),
        )
        conditions: defaultdict[int, list[dict[str, str]]] = defaultdict(list)
        for rule, operator, name, value in cursor.fetchall():
            conditions[rule].append({"operator": operator, "property": name or "", "value": value or ""})
        made: dict[int, dict[str, Any]] = {
            rule: {"type": kind, "conditions": conditions[rule], "rules": []} for rule, kind, _, _ in rows
        }
        self.rules: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        self.splits: dict[int, float] = {}
        for rule, _, parent, segment in rows:
            (self.rules[segment] if parent is None else made[parent]["rules"]).append(made[rule])
            for condition in conditions[rule]:
                if condition["operator"] == "PERCENTAGE_SPLIT":
                    share = _share(condition["value"])
                    self.splits[segment] = min(share, self.splits.get(segment, share))
        self.properties = {condition["property"] for rule in conditions.values() for condition in rule}


def _share(percentage: str) -> float:
    try:
        return float(percentage) / 100
    except ValueError:
        # Flagsmith lets nobody in by a value that is no number.
        return 0.0


class Rollout(Part):
    """For whom a feature is on by its settings: for everyone, for a share, and in which variant."""

    name = "rollout"
    reads = (*READ, "multivariate_multivariatefeaturestatevalue", "multivariate_multivariatefeatureoption")

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def collect(self, cursor: Cursor) -> Sequence[Family]:
        """States, overrides of segments with a percentage split, and the allocations of multivariate features."""
        states = live_states(cursor, self.catalogue)
        segments = Segments(cursor, sorted({segment for _, _, _, segment, _ in states if segment is not None}))
        on = GaugeMetricFamily(
            "flagsmith_feature_enabled", "Whether the feature is on for whom no override is.", labels=FEATURE
        )
        rollout = GaugeMetricFamily(
            "flagsmith_feature_rollout_ratio",
            "Share of users that an override by percentage is for; enabled is what they get.",
            labels=[*FEATURE, "segment", "enabled"],
        )
        shown: set[tuple[str, ...]] = set()
        places: dict[int, tuple[str, ...]] = {}
        # Of two overrides for one segment the first in order counts.
        for state, pair, enabled, segment, _ in sorted(states, key=lambda item: item[4] or 0):
            labels = (*self.catalogue.pairs[pair], "" if segment is None else segments.names.get(segment, ""))
            if labels in shown or (segment is not None and segment not in segments.names):
                continue
            shown.add(labels)
            places[state] = labels
            if segment is None:
                on.add_metric(labels[:3], int(enabled))
            elif segment in segments.splits:
                rollout.add_metric([*labels, str(enabled).lower()], segments.splits[segment])
        return [on, rollout, self._variants(cursor, places)]

    @staticmethod
    def _variants(cursor: Cursor, places: Mapping[int, Sequence[str]]) -> Family:
        key = "o.key" if has_column(cursor, "multivariate_multivariatefeatureoption", "key") else "NULL"
        cursor.execute(
            f"SELECT v.feature_state_id, coalesce({key}, 'option-' || o.id), v.percentage_allocation"
            " FROM public.multivariate_multivariatefeaturestatevalue v"
            " JOIN public.multivariate_multivariatefeatureoption o ON o.id = v.multivariate_feature_option_id"
            " WHERE v.feature_state_id = ANY(%s) ORDER BY v.id",
            (list(places),),
        )
        family = GaugeMetricFamily(
            "flagsmith_feature_variant_ratio",
            "Share of users allocated to a variant, of all or of a segment; the rest gets the control value.",
            labels=[*FEATURE, "segment", "variant"],
        )
        for state, variant, percentage in cursor.fetchall():
            family.add_metric([*places[state], variant], percentage / 100)
        return family
