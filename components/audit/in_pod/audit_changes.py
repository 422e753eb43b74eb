"""What an entry of the audit log changed: the old and the new state, out of Flagsmith's history tables.

Flagsmith writes a row of history for each change of an object, and the entry names it. The row before it, of the same
object, is the old state. A version of a flag has no such row: it is compared with the version before.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg2.extras import RealDictCursor

Row = Mapping[str, Any]
# What a field was and is.
Difference = dict[str, Any]
# The kind of a change, and its fields.
Change = tuple[str | None, list[Difference]]
TABLES = {
    "Feature": "features_historicalfeature",
    "FeatureState": "features_historicalfeaturestate",
    "FeatureStateValue": "features_historicalfeaturestatevalue",
    "FeatureSegment": "features_historicalfeaturesegment",
    "MultivariateFeatureOption": "multivariate_historicalmultivariatefeatureoption",
    "MultivariateFeatureStateValue": "multivariate_historicalmultivariatefeaturestatevalue",
    "Segment": "segments_historicalsegment",
    "Environment": "environments_historicalenvironment",
}
READ = (
    *TABLES.values(),
    "feature_versioning_environmentfeatureversion",
    "features_featurestate",
    "multivariate_multivariatefeatureoption",
    "segments_segment",
)
# What tells whose state it is, not what the state is.
NOT_SHOWN = {
    "id",
    "history_id",
    "history_type",
    "history_date",
    "feature_id",
    "feature_segment_id",
    "identity_id",
    "environment_feature_version_id",
    "feature_state_id",
}
COLUMNS = """
    SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
    AND has_column_privilege(attrelid, attnum, 'SELECT') ORDER BY attnum
"""
VALUES = {"int": "integer_value", "bool": "boolean_value", "unicode": "string_value"}
TYPED = ("type", *VALUES.values())
# A version never changes once it is published; what was taken out of it before has a `-` as its last row. Removing the
# environment removes its versions too, later. The states of an environment's first versions are only put into them in
# their own table, not in the history.
VERSION = """
    WITH wanted AS (SELECT uuid, environment_id, feature_id, published_at
            FROM public.feature_versioning_environmentfeatureversion WHERE uuid::text = %(uuid)s),
        before AS (SELECT version.uuid FROM public.feature_versioning_environmentfeatureversion version, wanted
            WHERE version.environment_id = wanted.environment_id AND version.feature_id = wanted.feature_id
            AND version.published_at < wanted.published_at ORDER BY version.published_at DESC LIMIT 1),
        versions AS (SELECT uuid FROM wanted UNION SELECT uuid FROM before),
        members AS (
            SELECT id, environment_feature_version_id AS version FROM public.features_featurestate
                WHERE environment_feature_version_id IN (SELECT uuid FROM versions)
            UNION SELECT id, environment_feature_version_id FROM public.features_historicalfeaturestate
                WHERE environment_feature_version_id IN (SELECT uuid FROM versions)),
        states AS (SELECT DISTINCT ON (state.id) state.id, state.enabled, state.history_type, state.feature_segment_id,
                members.version = wanted.uuid AS is_new
            FROM wanted, members JOIN public.features_historicalfeaturestate state ON state.id = members.id
            WHERE state.history_date <= wanted.published_at ORDER BY state.id, state.history_id DESC)
    SELECT state.id, state.is_new, state.enabled, segment.name AS segment, value.type, value.boolean_value,
        value.integer_value, value.string_value
    FROM states state
    LEFT JOIN LATERAL (SELECT type, boolean_value, integer_value, string_value
        FROM public.features_historicalfeaturestatevalue
        WHERE feature_state_id = state.id AND history_type <> '-' ORDER BY history_id DESC LIMIT 1) value ON true
    LEFT JOIN LATERAL (SELECT segment_id FROM public.features_historicalfeaturesegment
        WHERE id = state.feature_segment_id ORDER BY history_id DESC LIMIT 1) override ON true
    LEFT JOIN public.segments_segment segment ON segment.id = override.segment_id
    WHERE state.history_type <> '-' ORDER BY state.id
"""
WEIGHTS = """
    SELECT DISTINCT ON (id) feature_state_id, multivariate_feature_option_id, percentage_allocation
    FROM public.multivariate_historicalmultivariatefeaturestatevalue
    WHERE feature_state_id = ANY (%s) AND history_type <> '-'
    ORDER BY id, history_id DESC
"""
OPTIONS = """
    SELECT DISTINCT ON (id) id, key, type, boolean_value, integer_value, string_value FROM (
        SELECT id, key, type, boolean_value, integer_value, string_value, history_id
            FROM public.multivariate_historicalmultivariatefeatureoption WHERE id = ANY (%(ids)s)
        UNION ALL
        SELECT id, key, type, boolean_value, integer_value, string_value, 0
            FROM public.multivariate_multivariatefeatureoption WHERE id = ANY (%(ids)s)
    ) known ORDER BY id, history_id DESC
"""


def changes_of(cursor: RealDictCursor, rows: Sequence[Row]) -> dict[int, Change]:
    """By the entries' ids: the kind of change (`+`, `~`, `-`; None for a version), and what each field was and is."""
    found: dict[int, Change] = {}
    for name, table in TABLES.items():
        wanted = {row["history"]: row["id"] for row in rows if row["class"] == name and row["history"] is not None}
        if wanted:
            found |= {wanted[record]: change for record, change in _of_table(cursor, table, list(wanted)).items()}
    for row in rows:
        if row["type"] == "EF_VERSION" and row["related_object_uuid"]:
            found[row["id"]] = (None, _of_version(cursor, row["related_object_uuid"]))
    return found


def _of_table(cursor: RealDictCursor, table: str, records: list[int]) -> dict[int, Change]:
    cursor.execute(COLUMNS, (f"public.{table}",))
    names = [row["attname"] for row in cursor.fetchall()]
    columns = ", ".join(f'"{name}"' for name in names)
    cursor.execute(f"SELECT {columns} FROM public.{table} WHERE history_id = ANY (%s)", (records,))  # noqa: S608 no input
    after = cursor.fetchall()
    before: dict[int, Row | None] = {}
    for row in after:
        if row["history_type"] == "+":
            continue
        query = f"SELECT {columns} FROM public.{table} WHERE id = %s AND history_id < %s"  # noqa: S608
        cursor.execute(f"{query} ORDER BY history_id DESC LIMIT 1", (row["id"], row["history_id"]))
        before[row["history_id"]] = cursor.fetchone()
    options = _options(
        cursor, [row["multivariate_feature_option_id"] for row in after if "percentage_allocation" in row]
    )
    return {
        row["history_id"]: (row["history_type"], _change(row, before.get(row["history_id"]), options)) for row in after
    }


def _change(row: Row, before: Row | None, options: Mapping[int, str]) -> list[Difference]:
    """What differs. What is made has no old state, what is deleted no new one."""
    new = {} if row["history_type"] == "-" else _state(row, options)
    old = _state(row, options) if row["history_type"] == "-" else _state(before, options) if before else {}
    return _differences(old, new)


def _differences(old: Row, new: Row) -> list[Difference]:
    return [
        {"field": field, "old": old.get(field), "new": new.get(field)}
        for field in {**old, **new}
        if old.get(field) != new.get(field)
    ]


def _state(row: Row, options: Mapping[int, str]) -> dict[str, Any]:
    shown = {name: value for name, value in row.items() if name not in NOT_SHOWN}
    if "percentage_allocation" in shown:
        option = shown.pop("multivariate_feature_option_id")
        return {f"weight of {options.get(option, option)}": shown["percentage_allocation"]}
    if "string_value" in shown:
        # A change of type leaves the old value in its column.
        value = _value(shown)
        shown = {"value": value, **{name: shown[name] for name in shown if name not in TYPED}}
    if "rules_data" in shown:
        shown["rules"] = shown.pop("rules_data")
    if "segment_id" in shown:
        shown.pop("segment_id")
    return shown


def _value(row: Row) -> Any:
    return row[VALUES[row["type"]]] if row["type"] in VALUES else None


def _options(cursor: RealDictCursor, ids: Iterable[int]) -> dict[int, str]:
    """How the variations are called: by their key, or by their value."""
    if not (wanted := list(ids)):
        return {}
    cursor.execute(OPTIONS, {"ids": wanted})
    return {row["id"]: row["key"] or str(_value(row)) for row in cursor.fetchall()}


def _of_version(cursor: RealDictCursor, uuid: str) -> list[Difference]:
    cursor.execute(VERSION, {"uuid": uuid})
    states = cursor.fetchall()
    cursor.execute(WEIGHTS, ([state["id"] for state in states],))
    weights = cursor.fetchall()
    options = _options(cursor, [weight["multivariate_feature_option_id"] for weight in weights])
    sides: dict[bool, dict[str, Any]] = {True: {}, False: {}}
    for state in states:
        whose = f"segment {state['segment']}: " if state["segment"] else ""
        side = sides[state["is_new"]]
        side[f"{whose}enabled"], side[f"{whose}value"] = state["enabled"], _value(state)
        for weight in weights:
            if weight["feature_state_id"] == state["id"]:
                name = options.get(weight["multivariate_feature_option_id"], weight["multivariate_feature_option_id"])
                side[f"{whose}weight of {name}"] = weight["percentage_allocation"]
    return _differences(sides[False], sides[True])
