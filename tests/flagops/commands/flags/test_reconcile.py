"""What a plan says and an apply does, in every case that is not the first one."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.flagops.commands.flags.support import ENVIRONMENTS, EXAMPLE, RELEASES, Project, Run, example

ARCHIVED = "- flag hebrew_ui_enabled (archived: hidden in the UI, and served as it is)"
FEATURES = "/api/v1/projects/1/features/"
SEGMENTS = "/api/v1/projects/1/segments/"
RIGHTS = (". rights of ", "! somebody has rights", "! API keys and trust relationships")


def apply(run: Run, server: Project, path: Path, *options: str) -> str:
    done = run("flags", "apply", str(path), "--url", server.url, "--yes", *options)
    assert done.exit_code == 0, done.stderr
    return done.stderr


def planned(run: Run, server: Project, path: Path, *options: str) -> list[str]:
    """The lines of a plan that say what changes or is left, without those on people's rights (see test_rights.py)."""
    done = run("flags", "plan", str(path), "--url", server.url, *options)
    lines = [line.strip() for line in done.stdout.splitlines()]
    found = [line for line in lines if line[:2] in ("+ ", "~ ", "- ", "= ", ". ", "! ")]
    assert done.exit_code == (2 if any(line[0] in "+~-" for line in found) else 0), done.stderr
    return [line for line in found if not line.startswith(RIGHTS)]


def feature(server: Project, name: str) -> dict[str, Any]:
    (found,) = [row for row in server.client.pages(FEATURES) if row["name"] == name]
    return dict(found)


def states(server: Project, environment: str, name: str) -> list[dict[str, Any]]:
    number = {row["name"]: row["id"] for row in server.client.pages("/api/v1/environments/", {"project": 1})}
    where = {"environment": number[environment], "feature": feature(server, name)["id"]}
    return list(server.client.pages("/api/v1/features/featurestates/", where))


def test_a_change_is_made_in_place(applied: Project, run: Run, tmp_path: Path) -> None:
    before = {name: feature(applied, name)["id"] for name in ("dashboard_ab_test", "new_feature_rollout")}
    kept = [state["id"] for state in states(applied, "production", "new_feature_rollout")]

    def change(text: str) -> str:
        text = text.replace("value: new_dashboard_v2, weight: 30}", "value: new_dashboard_v3, weight: 20}")
        text = text.replace("weight: 40}", "weight: 50}").replace("everyone: 25", "everyone: 35")
        return text.replace("Which of three dashboards people come back to.", "Which dashboard people come back to.")

    path = example(tmp_path, change)
    lines = planned(run, applied, path)
    assert '~ variation variant_b value "new_dashboard_v2" → "new_dashboard_v3"' in lines
    assert "~ rules 25 % → 35 %" in lines
    assert "~ production: weights variant_a 30 variant_b 30 → variant_a 30 variant_b 20" not in lines
    assert "~ production: weights variant_a 30, variant_b 30 → variant_a 30, variant_b 20" in lines
    apply(run, applied, path)
    assert planned(run, applied, path) == []
    assert {name: feature(applied, name)["id"] for name in before} == before
    assert [state["id"] for state in states(applied, "production", "new_feature_rollout")] == kept


def test_overrides_keep_the_catalogues_order_and_are_never_doubled(server: Project, run: Run, tmp_path: Path) -> None:
    targets = "targeting:\n      - {segment: premium_users, enabled: true}\n"
    other = targets + "      - {segment: israeli_users, enabled: false}\n"
    path = example(tmp_path, lambda text: text.replace(targets, other))
    apply(run, server, path)
    turned = (
        "targeting:\n      - {segment: beta_users, enabled: true}\n"
        "      - {segment: israeli_users, enabled: false}\n      - {segment: premium_users, enabled: true}\n"
    )
    path = example(tmp_path, lambda text: text.replace(targets, turned))
    lines = planned(run, server, path)
    assert "+ production: override beta_users segment beta_users, on" in lines
    assert "~ production: order of overrides beta_users, israeli_users, premium_users" in lines
    apply(run, server, path)
    assert planned(run, server, path) == []
    where = {"environment": 1, "feature": feature(server, "gpu_optimization_enabled")["id"]}
    if server.double:
        links = list(server.client.pages("/api/v1/features/feature-segments/", where))
        ordered = sorted(links, key=lambda row: row["priority"])
        assert [row["segment_name"] for row in ordered] == ["beta_users", "israeli_users", "premium_users"]
        assert len(links) == 3


def test_what_left_the_catalogue_is_archived_and_comes_back(applied: Project, run: Run, tmp_path: Path) -> None:
    number = feature(applied, "hebrew_ui_enabled")["id"]
    start, end = (EXAMPLE.read_text().index(f"  {name}:") for name in ("hebrew_ui_enabled", "new_dashboard_enabled"))
    path = example(tmp_path, lambda text: text[:start] + text[end:])
    assert planned(run, applied, path) == [ARCHIVED]
    apply(run, applied, path)
    assert feature(applied, "hebrew_ui_enabled")["is_archived"] is True
    assert planned(run, applied, path) == []
    assert planned(run, applied, EXAMPLE) == ["~ flag hebrew_ui_enabled", "~ archived true → false"]
    apply(run, applied, EXAMPLE)
    assert feature(applied, "hebrew_ui_enabled")["id"] == number
    assert planned(run, applied, EXAMPLE) == []
    assert planned(run, applied, path, "--delete") == ["- flag hebrew_ui_enabled"]
    apply(run, applied, path, "--delete")
    assert "hebrew_ui_enabled" not in [row["name"] for row in applied.client.pages(FEATURES)]


def test_a_rollout_that_ended_leaves_its_segment_to_be_deleted(applied: Project, run: Run, tmp_path: Path) -> None:
    path = example(tmp_path, lambda text: text.replace("    rollout: 25\n", ""))
    lines = planned(run, applied, path)
    assert "- production: override advanced_analytics_enabled.production" in lines
    left = "segment advanced_analytics_enabled.production (left the catalogue; --delete removes it)"
    assert f". {left}: not in the catalogue, left alone" in lines
    apply(run, applied, path)
    assert all(line.startswith(".") for line in planned(run, applied, path))
    apply(run, applied, path, "--delete")
    assert planned(run, applied, path) == []


def test_what_people_made_is_left_alone_and_listed(applied: Project, run: Run) -> None:
    made = applied.client.post(FEATURES, {"name": "by_hand", "default_enabled": True})
    rules = [{"type": "ALL", "rules": [{"type": "ALL", "conditions": [
        {"property": "vip", "operator": "EQUAL", "value": "true"}]}], "conditions": []}]  # fmt: skip
    segment = applied.client.post(SEGMENTS, {"name": "vips", "rules": rules})
    flag, key = feature(applied, "hebrew_ui_enabled"), applied.environments()["staging"]
    body = {"feature_segment": {"segment": segment["id"]}, "enabled": False,
            "feature_state_value": {"type": "unicode", "string_value": "x"}}  # fmt: skip
    applied.client.post(f"/api/v1/environments/{key}/features/{flag['id']}/create-segment-override/", body)
    assert sorted(planned(run, applied, EXAMPLE)) == [
        f". {what}: not in the catalogue, left alone"
        for what in ("flag by_hand", "override of hebrew_ui_enabled for vips in staging", "segment vips")
    ]
    said = apply(run, applied, EXAMPLE)
    assert "Nothing to do." in said
    assert len(states(applied, "staging", "hebrew_ui_enabled")) == 3
    assert feature(applied, "by_hand")["id"] == made["id"]


@pytest.mark.parametrize(
    ("release", "options"), [(RELEASES[0], ("--take-back", "hebrew_ui_enabled")), (RELEASES[1], ())]
)
def test_flags_of_the_ui_are_adopted_and_changed_in_place(
    server: Project, run: Run, release: str, options: tuple[str, ...]
) -> None:
    """Where newer releases do not tell whether somebody switched it off, it is taken over by name."""
    assert server.double
    server.double.version = release
    made = server.client.post(FEATURES, {"name": "hebrew_ui_enabled", "default_enabled": False, "initial_value": "x"})
    lines = planned(run, server, EXAMPLE, *options)
    assert "= flag hebrew_ui_enabled (adopted)" in lines
    assert "~ production: enabled off → on" in lines
    assert '~ production: value "x" → nothing' in lines
    apply(run, server, EXAMPLE, *options)
    assert planned(run, server, EXAMPLE) == []
    assert feature(server, "hebrew_ui_enabled")["id"] == made["id"]


def test_environments_that_are_missing_are_made(server: Project, run: Run, tmp_path: Path) -> None:
    path = example(
        tmp_path, lambda text: text.replace("[development, staging, production]", "[staging, production, canary]")
    )
    lines = planned(run, server, path)
    assert "+ environment canary" in lines
    assert ". environment development: not in the catalogue, left alone" in lines
    apply(run, server, path)
    assert planned(run, server, path) == [". environment development: not in the catalogue, left alone"]
    assert set(server.environments()) == {*ENVIRONMENTS, "canary"}


def test_values_of_every_type_arrive_as_they_are(server: Project, run: Run, tmp_path: Path) -> None:
    kinds = {
        "text": "  hello \n",
        "lines": "one\ntwo\n",
        "number": 5,
        "truth": True,
        "parts": {"b": [1, 2], "a": {"c": None}},
        "digits": "5",
    }
    lines = "".join(
        f"  {name}:\n    description: |\n      A {name}.\n    owner: web\n    kind: ops\n    enabled: true\n"
        f"    value: {json.dumps(value)}\n"
        for name, value in kinds.items()
    )
    path = tmp_path / "catalogue.yaml"
    path.write_text(f"project: FootAnalytics\nenvironments: [staging]\nflags:\n{lines}", encoding="utf-8")
    apply(run, server, path)
    assert not any(line[0] in "+~-" for line in planned(run, server, path))
    with server.sdk("staging", local=True) as sdk:
        found = sdk.get_environment_flags()
    assert found.get_feature_value("text") == "hello"
    assert found.get_feature_value("number") == 5
    assert found.get_feature_value("truth") is True
    assert found.get_feature_value("digits") == "5"
    assert json.loads(str(found.get_feature_value("parts"))) == kinds["parts"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Hebrew_UI_Enabled", "Flagsmith has a flag 'Hebrew_UI_Enabled', and the catalogue 'hebrew_ui_enabled'"),
    ],
)
def test_what_is_in_the_way_is_named(server: Project, run: Run, name: str, said: str) -> None:
    server.client.post(FEATURES, {"name": name})
    done = run("flags", "plan", str(EXAMPLE), "--url", server.url)
    assert done.exit_code == 1
    assert said in done.stderr
