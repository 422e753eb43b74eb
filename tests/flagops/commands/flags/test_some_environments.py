"""A plan and an apply of one environment change nothing that is felt in another."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flagops.serving.engine.context import context_of, evaluate, for_user
from tests.flagops.commands.flags.support import ENVIRONMENTS, EXAMPLE, Project, Run, example
from tests.flagops.commands.flags.test_hands import share

OTHERS = ("staging", "production")
TRAITS: list[dict[str, Any]] = [
    {},
    {"plan": "premium", "country": "IL"},
    {"plan": "gold", "country": "IL"},
    {"beta_participant": True, "signup_date": "2023-06-01"},
    {"beta_participant": True, "signup_date": "2025-06-01"},
]
VARIATION = "      - {name: variant_b, value: new_dashboard_v2, weight: 30}\n"
EDITS: dict[str, tuple[tuple[str, str], ...]] = {
    "a rollout": (("everyone: 25", "everyone: 80"),),
    "a switch": (("    enabled: false\n    rollout: 25", "    enabled: true"),),
    "a segment": (("operator: EQUAL, value: premium", "operator: EQUAL, value: gold"),),
    "a variation's value": (("value: new_dashboard_v2", "value: new_dashboard_v3"),),
    "a variation more": (
        ("weight: 40", "weight: 20"),
        (VARIATION, VARIATION + "      - {name: variant_c, value: new_dashboard_v4, weight: 20}\n"),
    ),
    "a variation less": (("weight: 40", "weight: 70"), (VARIATION, "")),
    "targets": (("{segment: premium_users, enabled: true}", "{segment: premium_users, enabled: false}"),),
    "a description": (("Matches are processed while they are played.", "Live."),),
}


def edited(home: Path, *replaced: tuple[str, str]) -> Path:
    def change(text: str) -> str:
        for old, new in replaced:
            assert old in text, old
            text = text.replace(old, new)
        return text

    return example(home, change)


def answers(server: Project, environment: str) -> list[Any]:
    """What users of each kind get of every flag, by the environment's own document."""
    document = server.client.get(f"/api/v1/environments/{server.environments()[environment]}/document/")
    context = context_of(document)
    found = []
    for traits in TRAITS:
        for number in range(40):
            flags = evaluate(for_user(context, f"user-{number}", traits))["flags"]
            found.append({name: (flag["enabled"], flag["value"]) for name, flag in flags.items()})
    return found


@pytest.mark.parametrize("edit", EDITS)
def test_no_user_of_another_environment_feels_it(applied: Project, run: Run, tmp_path: Path, edit: str) -> None:
    path = str(edited(tmp_path, *EDITS[edit]))
    before = {name: answers(applied, name) for name in OTHERS}
    there = ("--url", applied.url, "--notes", str(tmp_path / "notes.json"))
    assert run("flags", "apply", str(EXAMPLE), *there, "--yes").exit_code == 0, "it notes what is there"
    done = run("flags", "apply", path, *there, "-e", "development", "--yes")
    assert done.exit_code == 0, done.stderr
    assert {name: answers(applied, name) for name in OTHERS} == before
    # Nothing is left of it there, and all of it is done in the end.
    assert run("flags", "plan", path, *there, "-e", "development").exit_code == 0
    whole = run("flags", "apply", path, *there, "--yes")
    assert whole.exit_code == 0, whole.stderr
    assert run("flags", "plan", path, *there).exit_code == 0


def test_one_after_the_other_comes_to_the_same_as_all_at_once(server: Project, run: Run, tmp_path: Path) -> None:
    where = ("--url", server.url, "--notes", str(tmp_path / "notes.json"))
    for name in ENVIRONMENTS:
        done = run("flags", "apply", str(EXAMPLE), *where, "--environment", name, "--yes")
        assert done.exit_code == 0, done.stderr
        there = [each for each in ENVIRONMENTS if any(flag["hebrew_ui_enabled"][0] for flag in answers(server, each))]
        assert there == list(ENVIRONMENTS[: ENVIRONMENTS.index(name) + 1])
    # What is left is what the project has once: groups of people.
    left = json.loads(run("flags", "plan", str(EXAMPLE), *where, "--json").stdout)["changes"]
    assert {change["kind"] for change in left} == {"group"}


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ("a segment", "segment premium_users waits for a plan of all environments, with all its changes: its rules"),
        ("a variation's value", "flag dashboard_ab_test waits for a plan of all environments, with all its changes"),
        ("a variation less", "its variation variant_b is the same in every environment"),
    ],
)
def test_what_all_share_waits_and_says_so(applied: Project, run: Run, tmp_path: Path, edit: str, said: str) -> None:
    path = str(edited(tmp_path, *EDITS[edit]))
    done = run("flags", "plan", path, "--url", applied.url, "-e", "development")
    assert said in done.stdout
    assert "groups and rights of people: they wait" in done.stdout
    assert "staging: not in the catalogue" not in done.stdout
    assert said not in run("flags", "plan", path, "--url", applied.url).stdout


def test_a_flag_that_left_the_catalogue_goes_with_all_environments(applied: Project, run: Run, tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    start, end = text.index("  hebrew_ui_enabled:"), text.index("  new_dashboard_enabled:")
    path = str(edited(tmp_path, (text[start:end], "")))
    done = run("flags", "plan", path, "--url", applied.url, "-e", "development")
    assert done.exit_code == 0
    assert "it left the catalogue, and goes everywhere at once" in done.stdout
    assert run("flags", "plan", path, "--url", applied.url).exit_code == 2


def test_a_segment_by_hand_stays_a_conflict_after_an_apply_of_one_environment(
    applied: Project, run: Run, tmp_path: Path
) -> None:
    """What waits is not noted as done: the plan of all environments still tells whose change it would undo."""
    notes = str(tmp_path / "notes.json")
    words = ("--url", applied.url, "--notes", notes, "--yes")
    assert run("flags", "apply", str(EXAMPLE), *words).exit_code == 0
    row = next(row for row in applied.client.pages("/api/v1/projects/1/segments/") if row["name"] == "premium_users")
    rules = json.loads(json.dumps(row["rules"]).replace('"premium"', '"platinum"'))
    applied.client.patch(f"/api/v1/projects/1/segments/{row['id']}/", {"rules": rules})
    assert run("flags", "apply", str(EXAMPLE), *words, "-e", "development").exit_code == 0
    whole = run("flags", "apply", str(EXAMPLE), *words)
    assert whole.exit_code == 3, whole.stderr
    assert "segment premium_users" in whole.stderr


def test_an_environment_that_the_catalogue_does_not_name_is_another_one_too(
    applied: Project, run: Run, tmp_path: Path
) -> None:
    """People made it, and target a segment there: its rules wait, as those that another environment uses do."""
    made = (
        "\nsegments:\n  callers:\n    description: Who calls.\n    all:\n"
        "      - {trait: calls, operator: EQUAL, value: yes_they_do}\n"
    )
    path = edited(tmp_path, ("\nsegments:\n", made))
    words = ("--url", applied.url, "--yes")
    assert run("flags", "apply", str(path), *words).exit_code == 0
    row = applied.client.post("/api/v1/environments/", {"name": "sandbox", "project": 1})
    (segment,) = [row for row in applied.client.pages("/api/v1/projects/1/segments/") if row["name"] == "callers"]
    flag = next(
        row for row in applied.client.pages("/api/v1/projects/1/features/") if row["name"] == "hebrew_ui_enabled"
    )
    where = f"/api/v1/environments/{row['api_key']}/features/{flag['id']}/create-segment-override/"
    value = {"type": "unicode", "string_value": None, "integer_value": None, "boolean_value": None}
    applied.client.post(
        where, {"feature_segment": {"segment": segment["id"]}, "enabled": True, "feature_state_value": value}
    )
    path.write_text(path.read_text(encoding="utf-8").replace("yes_they_do", "no_more"), encoding="utf-8")
    done = run("flags", "apply", str(path), *words, "-e", "development")
    assert done.exit_code == 0, done.stderr
    assert "segment callers waits for a plan of all environments" in done.stderr
    assert "its rules decide in sandbox too" in done.stderr
    (now,) = [row for row in applied.client.pages("/api/v1/projects/1/segments/") if row["name"] == "callers"]
    assert "yes_they_do" in str(now["rules"])


def test_another_environment_s_rollout_by_hand_stays_a_conflict_too(applied: Project, run: Run, tmp_path: Path) -> None:
    """What was noted of the segments of its rollouts is not forgotten."""
    words = ("--url", applied.url, "--notes", str(tmp_path / "notes.json"), "--yes")
    assert run("flags", "apply", str(EXAMPLE), *words).exit_code == 0
    assert run("flags", "apply", str(EXAMPLE), *words, "-e", "development").exit_code == 0
    share(applied, "0")
    whole = run("flags", "apply", str(EXAMPLE), *words)
    assert whole.exit_code == 3, whole.stderr
    assert "advanced_analytics_enabled" in whole.stderr


def test_a_kept_plan_is_of_its_environments(applied: Project, run: Run, tmp_path: Path) -> None:
    path, kept = str(edited(tmp_path, *EDITS["a rollout"])), str(tmp_path / "plan.json")
    assert run("flags", "plan", path, "--url", applied.url, "-e", "development", "--out", kept).exit_code == 2
    assert "already says which" in run("flags", "apply", kept, "--url", applied.url, "-e", "staging", "--yes").stderr
    assert run("flags", "apply", kept, "--url", applied.url, "--yes").exit_code == 0
    left = json.loads(run("flags", "plan", path, "--url", applied.url, "--json").stdout)["changes"]
    assert {change["name"] for change in left} == {"new_feature_rollout.staging", "new_feature_rollout.production"}


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_unknown_names_and_deleting_are_refused(applied: Project, run: Run, command: str) -> None:
    def error(*words: str) -> str:
        done = run("flags", command, str(EXAMPLE), "--url", applied.url, *words)
        assert done.exit_code == 1
        return done.stderr

    assert "no environment 'prod'; there are: development, staging, production" in error("-e", "prod")
    assert "--delete is for all environments" in error("-e", "production", "--delete")


def test_all_by_name_are_all(applied: Project, run: Run) -> None:
    every = [word for name in ENVIRONMENTS for word in ("-e", name)]
    done = run("flags", "plan", str(EXAMPLE), "--url", applied.url, "--delete", *every)
    assert done.exit_code == 0
    assert "wait for a plan of all environments" not in done.stdout


def test_a_pull_request_can_show_one_environment(run: Run, repository: Callable[..., Path]) -> None:
    path = str(repository(lambda text: text.replace("everyone: 25", "everyone: 50")))
    done = run("flags", "plan", path, "--against", "HEAD", "-e", "staging", "--markdown")
    assert done.exit_code == 2
    assert "#### staging" in done.stdout
    assert "#### production" not in done.stdout
