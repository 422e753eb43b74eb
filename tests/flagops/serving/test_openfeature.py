"""OpenFeature's remote evaluation protocol, in the mapping that Flagsmith published, and the manifest."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flagops.serving.support import Served, served_file

BULK = "ofrep/v1/evaluate/flags"
PREMIUM = {"targetingKey": "anna", "plan": "premium", "country": "IL"}


def evaluate(served: Served, flag: str = "", context: Any = None, key: str | None = None, **headers: str) -> Any:
    path = f"{BULK}/{flag}" if flag else BULK
    given = {"X-API-Key": served.key("production") if key is None else key, **headers}
    return served.ask("POST", path, headers=given, json={"context": PREMIUM if context is None else context})


def test_one_flag_has_its_value_or_its_state_and_a_reason(example: Served) -> None:
    found = evaluate(example, "hebrew_ui_enabled").json()
    assert found == {
        "key": "hebrew_ui_enabled",
        "value": True,
        "reason": "TARGETING_MATCH",
        "variant": None,
        "metadata": {"enabled": True},
    }
    split = evaluate(example, "dashboard_ab_test").json()
    values = {"control": "original_dashboard", "variant_a": "new_dashboard_v1", "variant_b": "new_dashboard_v2"}
    assert (split["value"], split["reason"]) == (values[split["variant"]], "SPLIT")
    static = evaluate(example, "ml_model_v2_enabled").json()
    assert (static["value"], static["reason"]) == (False, "STATIC")


def test_a_flag_that_is_off_and_has_a_value_leaves_it_to_the_code(example: Served) -> None:
    found = evaluate(example, "new_dashboard_enabled").json()
    assert (found["reason"], found["variant"], "value" in found) == ("DISABLED", None, False)


def test_all_flags_are_the_sdk_s_and_come_once(example: Served) -> None:
    first = evaluate(example)
    flags = {flag["key"]: flag["metadata"]["enabled"] for flag in first.json()["flags"]}
    expected = example.flags("production", "anna", plan="premium", country="IL")
    assert flags == {name: enabled for name, (enabled, _) in expected.items()}
    assert first.json()["metadata"]["version"] == example.state.environments["production"].document["updated_at"]
    tag = first.headers["ETag"]
    again = evaluate(example, **{"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert evaluate(example, **{"If-None-Match": f'"other", W/{tag}'}).status_code == 304
    assert evaluate(example, context={"targetingKey": "anna"}, **{"If-None-Match": tag}).status_code == 200


def test_without_a_user_the_environment_s_own_states_count(example: Served) -> None:
    found = evaluate(example, context={}).json()["flags"]
    assert {flag["reason"] for flag in found} == {"STATIC", "DISABLED"}
    anonymous = evaluate(
        example, "real_time_processing_enabled", {"beta_participant": True, "signup_date": "2025-01-01"}
    )
    assert anonymous.json()["value"] is True


def test_a_bearer_token_is_a_key_too_and_nothing_is_kept(example: Served) -> None:
    before = len(example.state.identities)
    headers = {"Authorization": f"Bearer {example.key('staging')}"}
    found = example.ask("POST", f"{BULK}/ml_model_v2_enabled", headers=headers, json={"context": PREMIUM})
    assert (found.status_code, found.json()["value"]) == (200, True)
    assert len(example.state.identities) == before


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b"{", 400, {"key": "x", "errorCode": "PARSE_ERROR"}),
        (b'{"context": 1}', 400, {"key": "x", "errorCode": "INVALID_CONTEXT"}),
        (b"[]", 400, {"key": "x", "errorCode": "INVALID_CONTEXT"}),
        (b'{"context": {"targetingKey": 1}}', 400, {"key": "x", "errorCode": "INVALID_CONTEXT"}),
        (b"{}", 404, {"key": "x", "errorCode": "FLAG_NOT_FOUND"}),
    ],
)
def test_what_is_wrong_has_the_protocol_s_code(
    example: Served, body: bytes, status: int, expected: dict[str, str]
) -> None:
    headers = {"X-API-Key": example.key(), "Content-Type": "application/json"}
    found = example.ask("POST", f"{BULK}/x", headers=headers, content=body)
    details = found.json()
    assert details.pop("errorDetails")
    assert (found.status_code, details) == (status, expected)


def test_a_wrong_key_is_unauthorised(example: Served) -> None:
    for key in ("", "wrong"):
        assert evaluate(example, key=key).status_code == 401
    assert example.get(BULK).status_code == 405


def test_a_browser_may_ask_and_read_the_tag(example: Served) -> None:
    found = evaluate(example, Origin="http://localhost:3000")
    assert "ETag" in found.headers["Access-Control-Expose-Headers"]
    headers = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    allowed = example.ask("OPTIONS", BULK, headers=headers).headers["Access-Control-Allow-Headers"]
    assert {"x-api-key", "if-none-match", "content-type"} <= set(allowed.split(", "))


def test_the_manifest_has_types_and_defaults(catalogue: Path) -> None:
    with served_file(catalogue, "hebrew_ui_enabled=7", 'gpu_optimization_enabled={"a": [1]}') as served:
        found = served.get("openfeature/v0/manifest")
        assert found.headers["X-Manifest-Capabilities"] == "read"
        flags = by_key(found)
        assert {name: (flag["type"], flag["defaultValue"]) for name, flag in flags.items()} == {
            "ml_model_v2_enabled": ("boolean", False),
            "gpu_optimization_enabled": ("object", {"a": [1]}),
            "advanced_analytics_enabled": ("boolean", False),
            "real_time_processing_enabled": ("boolean", False),
            "hebrew_ui_enabled": ("integer", 7),
            "new_dashboard_enabled": ("string", "control"),
            "dashboard_ab_test": ("string", "original_dashboard"),
            "new_feature_rollout": ("boolean", False),
        }
        assert flags["hebrew_ui_enabled"]["description"].startswith("The user interface in Hebrew")
        staging = served.get("openfeature/v0/manifest", headers={"Authorization": f"Bearer {served.key('staging')}"})
        assert by_key(staging)["ml_model_v2_enabled"]["defaultValue"] is True
        wrong = served.get("openfeature/v0/manifest", headers={"Authorization": "Bearer wrong"})
        assert (wrong.status_code, wrong.json()) == (
            401,
            {"error": {"message": "X-API-Key, or a bearer token, must be the key of an environment.", "status": 401}},
        )
        assert evaluate(served, "gpu_optimization_enabled").json()["value"] == {"a": [1]}


def by_key(manifest: httpx.Response) -> dict[str, Any]:
    """The flags of a manifest, which is a list as OpenFeature's command line wants it."""
    rows = manifest.json()["flags"]
    assert all(row.keys() == {"key", "type", "defaultValue", "description"} for row in rows)
    return {row["key"]: row for row in rows}
