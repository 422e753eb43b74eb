"""The part of the flag metrics that tells which share of the identities has a feature."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flag_metrics_parts import FEATURE, Catalogue, Family, Pair, Part, has_column
from flag_metrics_rollout import READ, Segments, State, live_states
from prometheus_client.core import GaugeMetricFamily
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name

try:
    # The very function by which the API decides which segments an identity is in; older releases have another.
    from flag_engine.engine import get_evaluation_result

    engine: Any = get_evaluation_result
except ImportError:
    engine = None

# Identities by environment: each with its id, what the engine knows of it, and Flagsmith's own traits.
Identities = Mapping[int, Sequence[dict[str, Any]]]

# Bounds on one collection: pages of the table of identities that are read (some 16,000 rows), identities that are
# evaluated, and environments between which they are shared out.
SAMPLE_PAGES = 200
MOST_IDENTITIES = 5_000


class Adoption(Part):
    """Which share of the identities has a feature, found by Flagsmith's own engine on a sample of them."""

    name = "adoption"
    reads = (*READ, "environments_identity", "environments_trait")

    def __init__(self, catalogue: Catalogue, sample: int) -> None:
        self.catalogue = catalogue
        self.sample = sample

    def collect(self, cursor: Cursor) -> Sequence[Family]:
        """The same identities each time, so that a change of the figure is a change of the flag."""
        states = live_states(cursor, self.catalogue)
        segments = Segments(cursor, sorted({segment for _, _, _, segment, _ in states if segment is not None}))
        environments = sorted({pair[0] for pair in self.catalogue.pairs})
        identities = self._identities(cursor, environments)
        ids = [identity["id"] for several in identities.values() for identity in several]
        self._traits(cursor, identities, segments.properties)
        overridden = self._overridden(cursor, ids)
        having: dict[Pair, int] = {}
        counted: dict[Pair, int] = {}
        for environment, several in identities.items():
            own = [state for state in states if state[1][0] == environment]
            context = self._context(own, segments, several[0]["environment"])
            default = {pair: enabled for _, pair, enabled, segment, _ in own if segment is None}
            having.update(dict.fromkeys(default, 0))
            counted.update(dict.fromkeys(default, len(several)))
            for identity in several:
                has = dict(default)
                flags = engine({**context, "identity": identity["context"]})["flags"] if context["segments"] else {}
                has.update({(environment, name): flag["enabled"] for name, flag in flags.items()})
                for feature, enabled in overridden.get(identity["id"], {}).items():
                    has[environment, self.catalogue.features.get(feature, "")] = enabled
                for pair, enabled in has.items():
                    if enabled and pair in having:
                        having[pair] += 1
        shares = {pair: having[pair] / counted[pair] for pair in having}
        return [self._ratio(shares), self._sampled(identities)]

    def _ratio(self, shares: Mapping[Pair, float]) -> Family:
        family = GaugeMetricFamily(
            "flagsmith_feature_adoption_ratio",
            "Share of the environment's identities for which the feature is on.",
            labels=FEATURE,
        )
        shown = set()
        for pair, share in shares.items():
            labels = self.catalogue.pairs[pair]
            if labels not in shown:
                shown.add(labels)
                family.add_metric(labels, share)
        return family

    def _sampled(self, identities: Identities) -> Family:
        sums: defaultdict[tuple[str, ...], int] = defaultdict(int)
        names = {pair[0]: labels[:2] for pair, labels in self.catalogue.pairs.items()}
        for environment, several in identities.items():
            sums[names[environment]] += len(several)
        family = GaugeMetricFamily(
            "flagsmith_feature_adoption_identities",
            "Identities of the environment that the adoption was found on.",
            labels=FEATURE[:2],
        )
        for labels, count in sums.items():
            family.add_metric(labels, count)
        return family

    def _identities(self, cursor: Cursor, environments: Sequence[int]) -> Identities:
        """By environment, identities of random pages, as many as the bounds allow."""
        most = min(self.sample, MOST_IDENTITIES // max(1, len(environments)))
        cursor.execute(
            "SELECT pg_relation_size('public.environments_identity') / current_setting('block_size')::bigint"
        )
        ((pages,),) = cursor.fetchall()
        system = "system_traits" if has_column(cursor, "environments_identity", "system_traits") else "NULL"
        cursor.execute(
            f"""
            SELECT i.id, i.identifier, i.system, e.id, e.api_key, e.name, e.use_mv_v2_evaluation
            FROM (
                SELECT id, identifier, {system} AS system, environment_id,
                    row_number() OVER (PARTITION BY environment_id ORDER BY md5(id::text)) AS number
                FROM public.environments_identity TABLESAMPLE SYSTEM (%s) REPEATABLE (1)
                WHERE environment_id = ANY(%s)
            ) i JOIN public.environments_environment e ON e.id = i.environment_id
            WHERE i.number <= %s
            """,
            (min(100, 100 * SAMPLE_PAGES / max(1, pages)), environments, most),
        )
        found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        for number, identifier, system_traits, environment, key, name, composite in cursor.fetchall():
            context = {
                "identifier": identifier,
                "key": f"{key}_{identifier}" if composite else str(number),
                "traits": {},
            }
            about = {"key": key, "name": name}
            found[environment].append(
                {"id": number, "context": context, "system": system_traits or {}, "environment": about}
            )
        return found

    @staticmethod
    def _traits(cursor: Cursor, identities: Identities, properties: Iterable[str]) -> None:
        """Fill in the traits that a condition asks about; those that Flagsmith sets itself win."""
        by_id: dict[int, dict[str, Any]] = {
            identity["id"]: identity for several in identities.values() for identity in several
        }
        everything = any(name.startswith("$.") for name in properties)
        cursor.execute(
            "SELECT identity_id, trait_key, CASE value_type WHEN 'int' THEN to_jsonb(integer_value)"
            " WHEN 'bool' THEN to_jsonb(boolean_value) WHEN 'float' THEN to_jsonb(float_value)"
            " ELSE to_jsonb(string_value) END FROM public.environments_trait"
            " WHERE identity_id = ANY(%s) AND (%s OR trait_key = ANY(%s))",
            (list(by_id), everything, sorted(properties)),
        )
        for identity, key, value in cursor.fetchall():
            by_id[identity]["context"]["traits"][key] = value
        for identity in by_id.values():
            identity["context"]["traits"].update(identity["system"])

    @staticmethod
    def _overridden(cursor: Cursor, ids: Sequence[int]) -> Mapping[int, Mapping[int, bool]]:
        """By identity, what was set for it alone: enabled by feature id."""
        cursor.execute(
            "SELECT DISTINCT ON (identity_id, feature_id) identity_id, feature_id, enabled"
            " FROM public.features_featurestate WHERE identity_id = ANY(%s) AND deleted_at IS NULL"
            " AND live_from <= now() AND version IS NOT NULL"
            " ORDER BY identity_id, feature_id, live_from DESC, version DESC",
            (ids,),
        )
        found: defaultdict[int, dict[int, bool]] = defaultdict(dict)
        for identity, feature, enabled in cursor.fetchall():
            found[identity][feature] = enabled
        return found

    @staticmethod
    def _context(states: Iterable[State], segments: Segments, environment: Mapping[str, str]) -> dict[str, Any]:
        """What the engine needs of one environment: the segments with overrides, and the features these are of."""
        overrides: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        features: dict[str, dict[str, Any] | None] = {}
        for _, (_, name), enabled, segment, priority in states:
            if segment is not None and segment in segments.names:
                overrides[segment].append(
                    {"key": name, "name": name, "enabled": enabled, "value": None, "priority": priority}
                )
                features.setdefault(name, None)
        for _, (_, name), enabled, segment, _ in states:
            if segment is None and name in features:
                features[name] = {"key": name, "name": name, "enabled": enabled, "value": None}
        return {
            "environment": environment,
            "segments": {
                str(segment): {
                    "key": str(segment),
                    "name": segments.names[segment],
                    "rules": segments.rules[segment],
                    "overrides": several,
                }
                for segment, several in overrides.items()
            },
            "features": {name: feature for name, feature in features.items() if feature is not None},
        }
