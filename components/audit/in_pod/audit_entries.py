"""The entries of Flagsmith's audit log, with the names of what they are about. Runs in Flagsmith's image.

Read as the role of grants-audit.sql. The open-source edition keeps the log, and shows it to nobody.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg2
from audit_changes import READ as READ_OF_CHANGES
from audit_changes import Difference, Row, changes_of
from plain_tables import reading
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name
from psycopg2.extras import RealDictCursor

# Those of the query, and what the function of grants-audit.sql reads.
READ = (
    "audit_auditlog",
    "users_ffadminuser",
    "projects_project",
    "environments_environment",
    "multivariate_historicalmultivariatefeaturestatevalue",
    "features_historicalfeaturestate",
    "features_featurestate",
    "features_historicalfeaturesegment",
    "features_featuresegment",
    "feature_versioning_environmentfeatureversion",
    "segments_segment",
    "features_feature",
    "environments_identity",
    "api_keys_masterapikey",
)

# The log writes what an override did into its text alone; where `history_record_class_path` says what was changed, the
# object's id is that of the feature for variations and overrides, and of the state or its value otherwise.
QUERY = """
    SELECT entry.id, entry.created_date, entry.log, entry.author_id, person.email, entry.is_system_event,
        entry.project_id, project.name AS project, entry.environment_id, place.name AS environment,
        entry.related_object_type AS type, entry.related_object_id, entry.related_object_uuid,
        entry.history_record_id AS history, record.class,
        coalesce(feature.id, facts.feature) AS feature_id, feature.name AS feature,
        coalesce(segment.version_of_id, facts.segment) AS segment_id, segment.name AS segment,
        segment.version_of_id <> segment.id AS is_revision,
        state.identity_id, someone.identifier AS identity, version.published_at
    FROM public.audit_auditlog entry
    LEFT JOIN public.users_ffadminuser person ON person.id = entry.author_id
    LEFT JOIN public.projects_project project ON project.id = entry.project_id
    LEFT JOIN public.environments_environment place ON place.id = entry.environment_id
    CROSS JOIN LATERAL (SELECT regexp_replace(entry.history_record_class_path, '^.*\\.Historical', '') AS class) record
    LEFT JOIN public.multivariate_historicalmultivariatefeaturestatevalue weight
        ON record.class = 'MultivariateFeatureStateValue' AND weight.history_id = entry.history_record_id
    -- An override that is gone is in the history alone, and one that is older than the history only in the table.
    LEFT JOIN LATERAL (
        SELECT feature_id, feature_segment_id, identity_id FROM (
            SELECT feature_id, feature_segment_id, identity_id, history_id FROM public.features_historicalfeaturestate
                WHERE id = coalesce(weight.feature_state_id, entry.related_object_id)
            UNION ALL
            SELECT feature_id, feature_segment_id, identity_id, 0 FROM public.features_featurestate
                WHERE id = coalesce(weight.feature_state_id, entry.related_object_id)
        ) known ORDER BY history_id DESC LIMIT 1
    ) state ON entry.related_object_type = 'FEATURE_STATE'
    LEFT JOIN public.features_historicalfeaturesegment removed
        ON record.class = 'FeatureSegment' AND removed.history_id = entry.history_record_id
    LEFT JOIN LATERAL (
        SELECT segment_id FROM (
            SELECT segment_id, history_id FROM public.features_historicalfeaturesegment
                WHERE id = state.feature_segment_id
            UNION ALL
            SELECT segment_id, 0 FROM public.features_featuresegment WHERE id = state.feature_segment_id
        ) known ORDER BY history_id DESC LIMIT 1
    ) target ON true
    LEFT JOIN public.feature_versioning_environmentfeatureversion version
        ON entry.related_object_type = 'EF_VERSION' AND version.uuid::text = entry.related_object_uuid
    CROSS JOIN LATERAL (
        SELECT CASE entry.related_object_type WHEN 'FEATURE' THEN entry.related_object_id
                ELSE coalesce(state.feature_id, version.feature_id) END AS feature,
            CASE entry.related_object_type WHEN 'SEGMENT' THEN entry.related_object_id
                ELSE coalesce(removed.segment_id, target.segment_id) END AS segment
    ) facts
    LEFT JOIN public.segments_segment segment ON segment.id = facts.segment
    LEFT JOIN public.features_feature feature
        ON feature.id = CASE entry.related_object_type WHEN 'SEGMENT' THEN segment.feature_id ELSE facts.feature END
    LEFT JOIN public.environments_identity someone ON someone.id = state.identity_id
    WHERE {}
    ORDER BY entry.id {}
    LIMIT %s
"""
SECONDS = 30
KINDS = {
    "Feature": "flag",
    "FeatureState": "state",
    "FeatureStateValue": "value",
    "FeatureSegment": "override",
    "MultivariateFeatureOption": "variation",
    "MultivariateFeatureStateValue": "weight",
    "Segment": "segment",
    "Environment": "environment",
}
TYPES = {"EF_VERSION": "version", "FEATURE_STATE": "state", "FEATURE": "flag"}
ACTIONS = {"+": "created", "~": "updated", "-": "deleted"}
# How the log's text ends where no history says what was done.
WORDS = {
    "created": "created",
    "deleted": "deleted",
    "removed": "deleted",
    "added": "created",
    "published": "published",
    "re-ordered": "reordered",
}


@contextmanager
def connected() -> Iterator[Connection]:
    """A connection to the database of DATABASE_URL, on which each statement is a transaction of its own."""
    connection = psycopg2.connect(
        os.environ["DATABASE_URL"],
        connect_timeout=10,
        application_name="flagsmith-audit",
        keepalives_idle=30,
        keepalives_interval=10,
        keepalives_count=3,
        tcp_user_timeout=60_000,
    )
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            # Not among the options of the connection: a pooler knows none.
            cursor.execute("SET search_path = pg_catalog, pg_temp")
            cursor.execute(f"SET statement_timeout = '{SECONDS}s'; SET lock_timeout = '10s'; SET TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


def read(
    connection: Connection, condition: str, values: Sequence[object], *, limit: int, newest_first: bool = False
) -> list[dict[str, Any]]:
    """The rows of entries that meet a condition, each with the API key of whoever changed something."""
    with reading(connection, READ, cursor_factory=RealDictCursor) as plain:
        cursor = cast("RealDictCursor", plain)
        cursor.execute(QUERY.format(condition, "DESC" if newest_first else "ASC"), (*values, limit))
        rows: list[dict[str, Any]] = [*cursor.fetchall()]
        cursor.execute("SELECT * FROM feature_flags_audit.api_keys(%s)", ([row["id"] for row in rows],))
        keys = {row["entry"]: row for row in cursor.fetchall()}
    for row in rows:
        row["key"] = keys.get(row["id"])
    return rows


def described(connection: Connection, rows: Sequence[Row], source: str) -> list[dict[str, Any]]:
    """The rows as entries, with the old and the new state where Flagsmith's history has them."""
    with reading(connection, READ_OF_CHANGES, cursor_factory=RealDictCursor) as cursor:
        changes = changes_of(cast("RealDictCursor", cursor), rows)
    return [_entry(row, *changes.get(row["id"], (None, [])), source) for row in rows]


def actor(row: Row) -> dict[str, Any]:
    """Who it was."""
    if row["email"]:
        return {"kind": "user", "name": row["email"], "id": row["author_id"]}
    if row["key"]:
        return {"kind": "api-key", "name": row["key"]["name"], "id": row["key"]["prefix"]}
    if row["is_system_event"]:
        return {"kind": "server", "name": "the server", "id": None}
    return {"kind": "unknown", "name": "an account or key that is gone", "id": None}


def _entry(row: Row, kind_of_change: str | None, changes: list[Difference], source: str) -> dict[str, Any]:
    moment = row["created_date"]
    kind, name = _what(row)
    return {
        # A restore sets the numbers back, so that another entry gets the same one; it has another time.
        "id": f"flagsmith-audit:{source}:{row['id']}:{int(moment.timestamp()) * 1_000_000 + moment.microsecond}",
        "row": row["id"],
        # The entry on a version has the time at which the task processor wrote it.
        "time": (row["published_at"] or moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "source": source,
        "actor": actor(row),
        "action": ACTIONS.get(kind_of_change or "") or _action(row["log"]),
        "kind": kind,
        "name": name,
        "feature": _named(row, "feature"),
        "segment": _named(row, "segment"),
        "identity": row["identity"],
        "environment": _named(row, "environment"),
        "project": _named(row, "project"),
        "changes": changes,
        "log": row["log"],
        "object": {"type": row["type"], "id": row["related_object_id"], "uuid": row["related_object_uuid"]},
    }


def _what(row: Row) -> tuple[str, str]:
    kind = KINDS.get(row["class"]) or TYPES.get(row["type"]) or str(row["type"] or "unknown").lower().replace("_", " ")
    name = row["feature"]
    if kind in ("state", "value", "weight") and (row["segment_id"] or row["identity_id"]):
        kind = f"{'segment' if row['segment_id'] else 'identity'} override"
    if row["type"] == "SEGMENT":
        # Before each change of a segment Flagsmith makes a copy of it.
        kind, name = "segment copy" if row["is_revision"] else "segment", row["segment"]
    elif row["type"] == "ENVIRONMENT":
        name = row["environment"]
    return kind, name or row["log"].partition(": ")[2] or row["log"]


def _action(log: str) -> str:
    words = log.lower().replace(":", " ").split()
    return next((WORDS[word] for word in words if word in WORDS), "updated")


def _named(row: Row, kind: str) -> dict[str, Any] | None:
    number = row[f"{kind}_id"]
    return None if number is None else {"id": number, "name": row[kind]}
