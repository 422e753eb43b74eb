"""An environment's document: all that a client needs to evaluate by itself."""

from tests.doubles.flagsmith.database import Database, Row
from tests.doubles.flagsmith.states import latest, plain


def document(data: Database, environment: Row) -> Row:
    """All that a client needs to evaluate by itself."""
    project = data.get("projects", environment["project"])
    names = ("name", "allow_client_traits", "hide_sensitive_data", "hide_disabled_flags")
    hashing = ("use_identity_composite_key_for_hashing", "use_identity_overrides_in_local_eval")
    return {
        "id": environment["id"],
        "api_key": environment["api_key"],
        "project": {
            "id": project["id"],
            "name": project["name"],
            "organisation": {
                "id": 1,
                "name": data.organisation,
                "feature_analytics": False,
                "stop_serving_flags": False,
                "persist_trait_data": True,
            },
            "hide_disabled_flags": project["hide_disabled_flags"],
            "segments": [
                shown
                for row in data.rows("segments", project=project["id"])
                for shown in [_segment(data, environment, row)]
                if row["feature"] is None or shown["feature_states"]
            ],
            "enable_realtime_updates": False,
            "server_key_only_feature_ids": [
                row["id"] for row in data.rows("features", project=project["id"], is_server_key_only=True)
            ],
        },
        "feature_states": [
            _document_state(data, state)
            for state in data.rows("states", environment=environment["id"], feature_segment=None, identity=None)
        ],
        "identity_overrides": overrides(data, environment),
        "updated_at": environment["updated_at"].isoformat(),
        **{name: environment[name] for name in (*names, *hashing)},
    }


def overrides(data: Database, environment: Row) -> list[Row]:
    """The users with overrides of their own."""
    rows = data.rows("identities", environment=environment["id"])
    states = {row["id"]: data.rows("states", identity=row["id"]) for row in rows}
    return [
        {
            "identifier": row["identifier"],
            "environment_api_key": environment["api_key"],
            "created_date": row["created"],
            "identity_features": [_document_state(data, state) for state in states[row["id"]]],
            "identity_traits": [],
            "identity_uuid": row["uuid"],
            "django_id": row["id"],
            "dashboard_alias": None,
            "composite_key": f"{environment['api_key']}_{row['identifier']}",
        }
        for row in rows
        if states[row["id"]]
    ]


def _segment(data: Database, environment: Row, segment: Row) -> Row:
    links = {row["id"]: row for row in data.rows("feature_segments", segment=segment["id"])}
    rows = latest(data, data.rows("states", environment=environment["id"], identity=None))
    states = [
        {**_document_state(data, row), "feature_segment": {"priority": links[row["feature_segment"]]["priority"]}}
        for row in rows
        if row["feature_segment"] in links
    ]
    rules = [_rule(rule) for rule in segment["rules"]]
    return {"id": segment["id"], "name": segment["name"], "rules": rules, "feature_states": states}


def _rule(rule: Row) -> Row:
    conditions = [
        {"operator": item["operator"], "value": item["value"], "property_": item["property"]}
        for item in rule["conditions"]
    ]
    return {"type": rule["type"], "rules": [_rule(inner) for inner in rule.get("rules", [])], "conditions": conditions}


def _document_state(data: Database, state: Row) -> Row:
    feature = data.get("features", state["feature"])
    options = {row["id"]: row for row in data.rows("options", feature=feature["id"])}
    return {
        "feature": {name: feature[name] for name in ("id", "name", "type")},
        "enabled": state["enabled"],
        "django_id": state["id"],
        "feature_segment": None,
        "featurestate_uuid": state["uuid"],
        "feature_state_value": plain(state["value"]),
        "multivariate_feature_state_values": [
            {
                "multivariate_feature_option": {
                    "value": plain(options[row["multivariate_feature_option"]]),
                    "id": row["multivariate_feature_option"],
                    "key": options[row["multivariate_feature_option"]]["key"],
                },
                "percentage_allocation": row["percentage_allocation"],
                "id": row["id"],
                "mv_fs_value_uuid": row["uuid"],
            }
            for row in data.rows("variants", state=state["id"])
        ],
    }
