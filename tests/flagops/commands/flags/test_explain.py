"""`ff flags explain`: which rule decided, in which order, and whether the server says the same."""

import json
from typing import Any

import pytest

from flagops.commands.flags.explain.remote_answer import RemoteAnswer, compare
from flagops.errors import OpsError
from flagops.serving.engine.explain import explain
from flagops.serving.engine.trace import DecidedBy, Trace
from flagops.serving.engine.user import User
from tests.flagops.commands.flags.support import Project, Run
from tests.flagops.commands.flags.test_acceptance import ABROAD, BETA, EARLY, NOBODY, PREMIUM

IDENTITIES = 300
CASES = [
    (f"user-{number}", traits)
    for number in range(IDENTITIES)
    for traits in [(NOBODY, PREMIUM, BETA, EARLY, ABROAD)[number % 5]]
]


def document(project: Project, environment: str = "production") -> dict[str, Any]:
    found: dict[str, Any] = project.client.get(f"/api/v1/environments/{project.environments()[environment]}/document/")
    return found


def decided(trace: Trace) -> tuple[bool, object]:
    """What the told steps come to, whatever the engine said."""
    step = next(step for step in trace.steps if step.holds)
    assert step is trace.decisive
    return step.enabled, trace.split.chosen.value if trace.split else step.value


@pytest.mark.parametrize("local", [True, False], ids=["locally", "remotely"])
def test_what_is_told_is_what_the_sdk_evaluates(applied: Project, local: bool) -> None:
    declared = document(applied)
    with applied.sdk("production", local=local) as sdk:
        for name, traits in CASES:
            found = sdk.get_identity_flags(name, traits=dict(traits), transient=True)
            evaluated = {flag.feature_name: (flag.enabled, flag.value) for flag in found.all_flags()}
            assert len(evaluated) == 8
            for flag, expected in evaluated.items():
                trace = explain(declared, flag, User(name, dict(traits)))
                assert decided(trace) == (trace.enabled, trace.value) == expected, (name, flag)


def test_each_rule_is_told_in_its_order(applied: Project, run: Run) -> None:
    shown = ask(run, applied, "new_feature_rollout", "--identity", "user-1", *PREMIUM_TRAITS)
    assert shown.exit_code == 0, shown.stderr
    lines = [line.strip() for line in shown.stdout.splitlines()]
    assert lines[0] == "new_feature_rollout in production, for user-1 with plan=premium, country=IL:"
    assert lines[2] == "1. segment beta_users does not match"
    assert "no  beta_participant EQUAL true (beta_participant is not set)" in lines
    assert lines.index("yes plan EQUAL premium (plan is premium)") > lines.index(
        next(line for line in lines if line.startswith("2. segment new_feature_rollout.production.premium_users"))
    )
    assert any(line.startswith(("yes 50 % of the users (this one is at", "no  50 % of the users")) for line in lines)
    assert lines[-1] == "Remotely: the same."


def test_a_user_s_variation_is_told_with_the_percentage(applied: Project, run: Run) -> None:
    found = as_json(run, applied, "dashboard_ab_test", "--identity", "user-7")
    place = found["split"]["percentage"]
    (part,) = (part for part in found["split"]["parts"] if part["start"] <= place < part["end"])
    assert [item["name"] for item in found["split"]["parts"]] == ["variant_a", "variant_b", "control"]
    assert part["value"] == found["local"]["value"] == found["remote"]["value"]
    assert found["agree"] is True


def test_a_client_without_a_user_gets_the_environment_s_state(applied: Project, run: Run) -> None:
    found = as_json(run, applied, "new_feature_rollout")
    assert [step["source"] for step in found["steps"] if step["decides"]] == ["environment"]
    assert (found["local"]["enabled"], found["identity"], found["agree"]) == (False, None, True)
    assert "there is no user to choose by" in ask(run, applied, "advanced_analytics_enabled").stdout


def test_nothing_is_kept_of_a_user(applied: Project, run: Run) -> None:
    ask(run, applied, "gpu_optimization_enabled", "--identity", "nobody-yet", *PREMIUM_TRAITS)
    if applied.double:
        assert applied.double.database.rows("identities", identifier="nobody-yet") == []


def test_traits_that_the_server_keeps_are_a_difference_that_is_explained(applied: Project, run: Run) -> None:
    with applied.sdk("production", local=False) as sdk:
        sdk.get_identity_flags("kept-user", traits=dict(BETA))
    shown = ask(run, applied, "real_time_processing_enabled", "--identity", "kept-user")
    assert shown.exit_code == 1
    assert "It is off locally, and on remotely." in shown.stdout
    assert "The server keeps traits of kept-user, which count there too: beta_participant=true" in shown.stdout
    assert "the local answer is the same: give them with --trait." in shown.stdout
    traits = ("--trait", "beta_participant=true", "--trait", "signup_date=2024-06-01")
    assert ask(run, applied, "real_time_processing_enabled", "--identity", "kept-user", *traits).exit_code == 0


def test_what_is_not_there_is_named(applied: Project, run: Run) -> None:
    shown = ask(run, applied, "hebrew_ui_enable")
    assert "There is no flag 'hebrew_ui_enable' in the project; near it: hebrew_ui_enabled." in shown.stderr
    shown = run("flags", "explain", "hebrew_ui_enabled", "--environment", "testing", "--url", applied.url)
    assert "There is no environment 'testing'; there are: development, staging, production." in shown.stderr
    row = next(
        row for row in applied.client.pages("/api/v1/projects/1/features/") if row["name"] == "hebrew_ui_enabled"
    )
    applied.client.patch(f"/api/v1/projects/1/features/{row['id']}/", {"is_archived": True})
    assert ask(run, applied, "hebrew_ui_enabled").exit_code == 0, "archived flags are served"


PREMIUM_TRAITS = ("--trait", "plan=premium", "--trait", "country=IL")


def ask(run: Run, project: Project, flag: str, *arguments: str) -> Any:
    return run("flags", "explain", flag, "--environment", "production", "--url", project.url, *arguments)


def as_json(run: Run, project: Project, flag: str, *arguments: str) -> Any:
    return json.loads(ask(run, project, flag, "--json", *arguments).stdout)


# By a document alone.


@pytest.fixture
def declared() -> dict[str, Any]:
    """A flag that is off, and on for two segments: of those who are not premium, and of all of them."""
    conditions = [{"operator": "EQUAL", "value": "premium", "property_": "plan"}]
    return {
        "api_key": "key",
        "name": "staging",
        "project": {
            "hide_disabled_flags": False,
            "segments": [
                segment(1, "everybody_else", "NONE", conditions, 5),
                segment(2, "premium", "ALL", conditions, 1),
            ],
        },
        "feature_states": [state(1, enabled=False, value="plain")],
        "identity_overrides": [],
    }


def state(number: int, *, enabled: bool, value: object) -> dict[str, Any]:
    return {
        "feature": {"id": 1, "name": "banner"},
        "enabled": enabled,
        "feature_state_value": value,
        "django_id": number,
        "featurestate_uuid": str(number),
        "multivariate_feature_state_values": [],
    }


def segment(number: int, name: str, kind: str, conditions: list[dict[str, str]], priority: int) -> dict[str, Any]:
    rules = [{"type": "ALL", "conditions": [], "rules": [{"type": kind, "conditions": conditions, "rules": []}]}]
    override = {**state(number + 10, enabled=True, value=name), "feature_segment": {"priority": priority}}
    return {"id": number, "name": name, "rules": rules, "feature_states": [override]}


def test_the_lowest_priority_counts_whatever_the_order_of_the_segments(declared: dict[str, Any]) -> None:
    trace = explain(declared, "banner", User("user", {"plan": "premium"}))
    assert [(step.name, step.priority, step.holds, step.decides) for step in trace.steps] == [
        ("premium", 1, True, True),
        ("everybody_else", 5, False, False),
        ("staging", None, True, False),
    ]
    assert trace.value == "premium"


def test_an_override_of_the_user_s_own_wins(declared: dict[str, Any]) -> None:
    declared["identity_overrides"] = [
        {"identifier": name, "identity_features": [state(number, enabled=False, value=f"for {name}")]}
        for number, name in enumerate(("somebody", "user"), 50)
    ]
    trace = explain(declared, "banner", User("user", {"plan": "premium"}))
    assert [step.source for step in trace.steps] == [
        DecidedBy.IDENTITY,
        DecidedBy.SEGMENT,
        DecidedBy.SEGMENT,
        DecidedBy.ENVIRONMENT,
    ]
    assert (trace.decisive.name, trace.enabled, trace.value) == ("user", False, "for user")


def test_the_server_looks_at_no_segment_without_a_user(declared: dict[str, Any]) -> None:
    trace = explain(declared, "banner", User())
    assert trace.decisive.name == "everybody_else"
    found = compare(declared, trace, RemoteAnswer(is_served=True, enabled=False, value="plain"), is_server_side=False)
    assert found.differences == (
        "It is on locally, and off remotely.",
        "The value is everybody_else locally, and plain remotely.",
    )
    assert found.reasons == ("The server looks at no segment for a client that names no user; local evaluation does.",)


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("allow_client_traits", False, "takes no traits from clients"),
        ("use_identity_composite_key_for_hashing", False, "percentages differ"),
        ("use_identity_overrides_in_local_eval", False, "Overrides of identities count on the server only"),
        ("hide_sensitive_data", True, "shows no stored traits"),
        ("name", "staging", "a cache of the server"),
    ],
)
def test_a_difference_has_a_reason(declared: dict[str, Any], setting: str, value: object, reason: str) -> None:
    declared[setting] = value
    trace = explain(declared, "banner", User("user", {"plan": "premium"}))
    found = compare(declared, trace, RemoteAnswer(is_served=True, enabled=True, value="other"), is_server_side=False)
    assert not found.agrees
    assert len(found.reasons) == 1
    assert reason in found.reasons[0]


def test_a_flag_that_is_hidden_is_no_difference(declared: dict[str, Any]) -> None:
    off = explain({**declared, "project": {"segments": []}}, "banner", User("user"))
    gone = RemoteAnswer(is_served=False)
    assert not compare({**declared}, off, gone, is_server_side=False).agrees
    assert compare({**declared, "hide_disabled_flags": True}, off, gone, is_server_side=False).agrees
    assert "client-side key" in compare(declared, off, gone, is_server_side=True).reasons[0]


def test_a_flag_that_the_document_lacks_may_be_new(declared: dict[str, Any]) -> None:
    with pytest.raises(OpsError, match="lacks the flag 'other'"):
        explain(declared, "other", User())
