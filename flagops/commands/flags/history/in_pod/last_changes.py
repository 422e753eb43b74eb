"""Prints the last changes of a project, as the audit log has them. Arguments: the project's id, and of what.

`flags`: the last one of each flag, wherever it was. `places`: the last one of each flag and segment in each
environment; overrides of identities are not looked at there, since they are people's. Runs in an API pod, with
Flagsmith's own driver and `DATABASE_URL`; reads only. The open-source edition answers every question about the audit
log with an empty list, but keeps it.
"""

import json
import os
import sys

import psycopg2

OF_FLAGS = """
    SELECT DISTINCT ON (flag.id) flag.id, to_char(entry.created_date AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
           entry.log, coalesce(person.email, key.name), place.name
    FROM audit_auditlog entry
    LEFT JOIN features_featurestate state
           ON entry.related_object_type = 'FEATURE_STATE' AND state.id = entry.related_object_id
    LEFT JOIN segments_segment segment
           ON entry.related_object_type = 'SEGMENT' AND segment.id = entry.related_object_id
    LEFT JOIN feature_versioning_environmentfeatureversion version
           ON entry.related_object_type = 'EF_VERSION' AND version.uuid::text = entry.related_object_uuid
    -- The entry on a variation's weight is about a state, and has the flag's number.
    JOIN features_feature flag
           ON flag.id = CASE WHEN entry.related_object_type = 'FEATURE'
                                  OR entry.history_record_class_path LIKE '%%HistoricalMultivariateFeatureStateValue'
                             THEN entry.related_object_id
                             ELSE coalesce(state.feature_id, segment.feature_id, version.feature_id) END
    LEFT JOIN users_ffadminuser person ON person.id = entry.author_id
    LEFT JOIN api_keys_masterapikey key ON key.id = entry.master_api_key_id
    LEFT JOIN environments_environment place ON place.id = entry.environment_id
    WHERE flag.project_id = %s AND flag.deleted_at IS NULL
          -- Removing an environment is logged as a removal of every flag in it.
      AND place.deleted_at IS NULL
    ORDER BY flag.id, entry.created_date DESC, entry.id DESC
"""
OF_PLACES = """
    WITH entries AS (
        SELECT entry.id, entry.created_date AS at, entry.log AS what, person.email, key.name AS key, key.prefix,
               trust.id AS trust,
               place.name AS environment,
               CASE WHEN flag.id IS NULL THEN 'segment' ELSE 'flag' END AS kind,
               coalesce(flag.name, segment.name) AS name
        FROM audit_auditlog entry
        LEFT JOIN features_featurestate state
               ON entry.related_object_type = 'FEATURE_STATE' AND state.id = entry.related_object_id
        LEFT JOIN segments_segment segment
               ON entry.related_object_type = 'SEGMENT' AND segment.id = entry.related_object_id
        LEFT JOIN feature_versioning_environmentfeatureversion version
               ON entry.related_object_type = 'EF_VERSION' AND version.uuid::text = entry.related_object_uuid
        -- The entry on a variation's weight is about a state, and has the flag's number.
        LEFT JOIN features_feature flag
               ON flag.id = CASE WHEN entry.related_object_type = 'FEATURE' OR entry.history_record_class_path
                                           LIKE '%%HistoricalMultivariateFeatureStateValue'
                                 THEN entry.related_object_id
                                 ELSE coalesce(state.feature_id, version.feature_id) END
        LEFT JOIN users_ffadminuser person ON person.id = entry.author_id
        LEFT JOIN api_keys_masterapikey key ON key.id = entry.master_api_key_id
        LEFT JOIN @TRUSTS@ trust ON trust.master_api_key_id = key.id
        LEFT JOIN environments_environment place ON place.id = entry.environment_id
        WHERE coalesce(flag.project_id, segment.project_id) = %s AND state.identity_id IS NULL
              -- Removing an environment is logged as a removal of every flag in it.
          AND place.deleted_at IS NULL
    )
    SELECT DISTINCT ON (kind, name, environment) kind, name, environment,
           to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), what, email, key, prefix, trust
    FROM entries ORDER BY kind, name, environment, at DESC, id DESC
"""
# A pipeline that has an ID token acts with the key of a trust relationship; before 2.263.0 there is none.
TRUSTS = "trust_relationships_trustrelationship"
NO_TRUSTS = "(SELECT NULL::bigint AS id, NULL::text AS master_api_key_id WHERE false)"
# Each query, and what its columns are called.
QUERIES = {
    "flags": (OF_FLAGS, ("flag", "at", "what", "who", "environment")),
    "places": (OF_PLACES, ("kind", "name", "environment", "at", "what", "email", "key", "prefix", "trust")),
}


def main() -> None:
    """Ask, and print one JSON document."""
    query, names = QUERIES[sys.argv[2]]
    try:
        connection = psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=5)
        connection.set_session(readonly=True)
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s)::text", (TRUSTS,))
            ((trusts,),) = cursor.fetchall()
            cursor.execute(query.replace("@TRUSTS@", trusts or NO_TRUSTS), (int(sys.argv[1]),))
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        connection.close()
    except psycopg2.Error as error:
        print(json.dumps({"error": str(error).strip()}))
        return
    print(json.dumps({"changes": rows}))


main()
