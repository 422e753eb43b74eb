"""From a server into git, and from one environment to the next."""

from datetime import date
from pathlib import Path

import pytest

from flagops.commands.flags.catalogue.load import load
from flagops.commands.flags.catalogue.naming import NameStyle
from flagops.commands.flags.transfer.promote import promote
from tests.flagops.commands.flags.support import EXAMPLE, ONLY_DIFFERENCE, Project, Run, example

FEATURES = "/api/v1/projects/1/features/"
SEGMENTS = "/api/v1/projects/1/segments/"


def exported(server: Project, run: Run, home: Path, *options: str) -> Path:
    path = home / "exported.yaml"
    done = run("flags", "export", "--url", server.url, "--out", str(path), *options)
    assert done.exit_code == 0, done.stderr
    return path


def test_what_is_exported_plans_empty(applied: Project, run: Run, tmp_path: Path) -> None:
    path = exported(applied, run, tmp_path)
    planned = run("flags", "plan", str(path), "--url", applied.url)
    assert planned.exit_code == 0, planned.stdout
    assert "~" not in planned.stdout


def test_with_its_catalogue_beside_it_the_same_comes_back(applied: Project, run: Run, tmp_path: Path) -> None:
    path = exported(applied, run, tmp_path, "--like", str(EXAMPLE))
    back, before = load(path)[0], load(EXAMPLE)[0]
    assert back.access == before.access
    for name, flag in before.flags.items():
        kept = ("description", "owner", "kind", "expires", "success", "version", "enabled", "variations", "targeting")
        assert [getattr(back.flags[name], key) for key in kept] == [getattr(flag, key) for key in kept], name
    text = path.read_text(encoding="utf-8")
    assert "- {name: variant_a, value: new_dashboard_v1, weight: 30}" in text
    assert max(map(len, text.splitlines())) < 200


def tags_of(server: Project, name: str) -> set[str]:
    labels = {row["id"]: row["label"] for row in server.client.pages("/api/v1/projects/1/tags/")}
    (row,) = (row for row in server.client.pages(FEATURES) if row["name"] == name)
    return {labels[number] for number in row["tags"]}


def test_an_expiry_is_a_tag_in_flagsmith_and_comes_back_from_it(applied: Project, run: Run, tmp_path: Path) -> None:
    assert tags_of(applied, "dashboard_ab_test") == {"ui", "managed-by-ff", "expires-2027-03-31"}
    assert tags_of(applied, "hebrew_ui_enabled") == {"ui", "managed-by-ff"}
    back = load(exported(applied, run, tmp_path))[0].flags["dashboard_ab_test"]
    assert (back.expires, back.tags) == (date(2027, 3, 31), ("ui",))


@pytest.mark.parametrize("managed", [True, False])
def test_flags_whose_day_flagsmith_does_not_have_yet_stay_in_an_export(
    applied: Project, run: Run, tmp_path: Path, managed: bool
) -> None:
    labels = {row["id"]: row["label"] for row in applied.client.pages("/api/v1/projects/1/tags/")}
    for row in applied.client.pages(FEATURES):
        kept = [
            number
            for number in row["tags"]
            if not labels[number].startswith("expires-") and (managed or labels[number] != "managed-by-ff")
        ]
        applied.client.put(f"{FEATURES}{row['id']}/", {**row, "tags": kept})
    path = tmp_path / "exported.yaml"
    done = run("flags", "export", "--url", applied.url, "--out", str(path), "--like", str(EXAMPLE))
    assert done.exit_code == 0, done.stderr
    assert load(path)[0].flags.keys() == load(EXAMPLE)[0].flags.keys()
    assert "cannot say" not in done.stderr


def test_another_day_is_another_tag(applied: Project, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "later.yaml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8").replace("2027-03-31", "2027-09-30"), encoding="utf-8")
    assert run("flags", "apply", str(path), "--url", applied.url, "--yes").exit_code == 0
    assert tags_of(applied, "dashboard_ab_test") == {"ui", "managed-by-ff", "expires-2027-09-30"}
    assert run("flags", "plan", str(path), "--url", applied.url).exit_code == 0


def test_what_people_made_in_the_ui_is_exported_too(server: Project, run: Run, tmp_path: Path) -> None:
    any_of = [{"property": "plan", "operator": "EQUAL", "value": value} for value in ("a", "b")]
    rules = [{"type": "ALL", "rules": [{"type": "ANY", "conditions": any_of}], "conditions": []}]
    segment = server.client.post(SEGMENTS, {"name": "paying", "rules": rules})
    odd = server.client.post(SEGMENTS, {"name": "Odd Name", "rules": rules})
    flag = server.client.post(FEATURES, {"name": "banner", "initial_value": "hello", "default_enabled": True})
    server.client.post(FEATURES, {"name": "With Spaces"})
    key = server.environments()["staging"]
    for number, value in ((segment["id"], "bye"), (odd["id"], "odd")):
        server.client.post(
            f"/api/v1/environments/{key}/features/{flag['id']}/create-segment-override/",
            {
                "feature_segment": {"segment": number},
                "enabled": False,
                "feature_state_value": {"type": "unicode", "string_value": value},
            },
        )
    path = tmp_path / "exported.yaml"
    done = run("flags", "export", "--url", server.url, "--out", str(path))
    assert "Left out" not in done.stderr
    assert load(path)[0].names is NameStyle.ANY
    like = tmp_path / "like.yaml"
    like.write_text("project: FootAnalytics\nenvironments: [staging]\n", encoding="utf-8")
    done = run("flags", "export", "--url", server.url, "--like", str(like), "--out", str(tmp_path / "snake.yaml"))
    left_out = [line for line in done.stderr.splitlines() if line.startswith("Left out")]
    assert left_out == [
        "Left out: segment Odd Name: its name is not snake_case",
        "Left out: override of banner for Odd Name in staging",
        "Left out: flag With Spaces: its name is not snake_case",
    ]
    planned = run("flags", "plan", str(tmp_path / "snake.yaml"), "--url", server.url)
    assert "flag With Spaces: not in the catalogue, left alone" in planned.stdout
    flags = load(path)[0].flags
    assert flags["banner"].environments["staging"].targeting is not None
    planned = run("flags", "plan", str(path), "--url", server.url)
    assert planned.exit_code == 0, planned.stdout
    assert "flag banner (adopted)" in planned.stdout
    assert "flag With Spaces (adopted)" in planned.stdout
    assert run("flags", "apply", str(path), "--url", server.url, "--yes").exit_code == 0
    assert run("flags", "plan", str(path), "--url", server.url).exit_code == 0


def test_a_file_that_is_there_is_not_written_over(server: Project, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "kept.yaml"
    path.write_text("mine", encoding="utf-8")
    done = run("flags", "export", "--url", server.url, "--out", str(path))
    assert done.exit_code == 1
    assert "exists already" in done.stderr
    assert path.read_text(encoding="utf-8") == "mine"


def test_promote_and_apply_make_production_equal_to_staging(applied: Project, run: Run, tmp_path: Path) -> None:
    path = example(tmp_path)
    there = ("--url", applied.url, "--notes", str(tmp_path / "notes.json"))
    assert run("flags", "apply", str(path), *there, "--yes").exit_code == 0, "it notes what is there"
    different = run("flags", "diff", "staging", "production", "--live", "--url", applied.url, "--catalogue", str(path))
    assert different.exit_code == 2
    assert different.stdout.split() == ONLY_DIFFERENCE
    done = run("flags", "promote", "staging", "production", "--catalogue", str(path))
    assert done.exit_code == 0, done.stderr
    assert "-      production: {enabled: false}\n+      production: {enabled: true}" in done.stdout
    planned = run("flags", "plan", str(path), *there)
    assert planned.exit_code == 2
    assert "production: enabled off → on" in planned.stdout
    assert run("flags", "apply", str(path), *there, "--yes").exit_code == 0
    same = run("flags", "diff", "staging", "production", "--live", "--url", applied.url, "--catalogue", str(path))
    assert same.exit_code == 0, same.stdout


def test_promoting_carries_targeting_weights_and_rollouts_and_keeps_comments(tmp_path: Path) -> None:
    def change(text: str) -> str:
        return text.replace(
            "    tags: [analytics]\n    success: A tenth",
            "    environments:\n"
            "      # Staging goes first.\n"
            "      staging:\n"
            "        rollout: {everyone: 10, segments: {premium_users: 80}}\n"
            "        targeting:\n"
            "          - {segment: beta_users, enabled: true}\n"
            "    tags: [analytics]\n    success: A tenth",
        )

    path = example(tmp_path, change)
    done = promote(path, load(path)[0], "staging", "production", ["advanced_analytics_enabled"])
    assert done.flags == ("advanced_analytics_enabled",)
    removed = [line for line in done.diff.splitlines() if line.startswith("-") and not line.startswith("---")]
    assert removed == []
    path.write_text(done.text, encoding="utf-8")
    states = load(path)[0].flags["advanced_analytics_enabled"].environments
    assert states["production"] == states["staging"]
    assert states["production"].rollout is not None
    assert "# Staging goes first." in done.text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("promote", "staging", "prod"), "has no environment 'prod'; there are: development, staging, production."),
        (("promote", "staging", "staging"), "name two environments"),
        (("promote", "staging", "production", "--flag", "banner"), "has no flag 'banner'"),
        (("diff", "prod", "staging"), "has no environment 'prod'"),
        (("diff", "production", "staging", "--url", "http://localhost"), "Add --live."),
    ],
)
def test_unknown_names_are_said(run: Run, words: tuple[str, ...], said: str) -> None:
    done = run("flags", *words, "--catalogue", str(EXAMPLE))
    assert done.exit_code == 1
    assert said in done.stderr.replace("\n", " ")
