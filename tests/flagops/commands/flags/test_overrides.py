"""Overrides, variations and what people made, where an apply could go wrong without anybody noticing."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from flagops.flagsmith_api.client import FlagsmithClient
from tests.flagops.commands.flags.support import RELEASES, Project, Run

FEATURES = "/api/v1/projects/1/features/"
SEGMENTS = "/api/v1/projects/1/segments/"
NEWEST = RELEASES[0]
pytestmark = pytest.mark.usefixtures("each_release")
NAMES = [f"s{number}" for number in range(5)]


def written(home: Path, **flag: Any) -> Path:
    """A catalogue with one flag for one environment, and five segments."""
    segments = {
        name: {"description": name, "all": [{"trait": name, "operator": "EQUAL", "value": True}]} for name in NAMES
    }
    given = {"description": "A trial.", "owner": "web", "kind": "ops", "enabled": False, **flag}
    content = {
        "project": "FootAnalytics",
        "environments": ["production"],
        "segments": {name: item for name, item in segments.items() if name not in flag.get("without", [])},
        "flags": {"trial": {key: value for key, value in given.items() if key != "without"}},
    }
    path = home / "catalogue.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def targets(*numbers: int) -> list[dict[str, Any]]:
    return [{"segment": f"s{number}", "enabled": True, "value": f"v{number}"} for number in numbers]


def apply(run: Run, server: Project, path: Path, *options: str) -> str:
    options = ("--notes", str(path.with_name("notes.json")), *options)
    done = run("flags", "apply", str(path), "--url", server.url, "--yes", *options)
    assert done.exit_code == 0, done.stderr
    planned = run("flags", "plan", str(path), "--url", server.url, *options)
    assert planned.exit_code == 0, planned.stdout
    return planned.stdout


def number_of(server: Project, name: str) -> int:
    return next(int(row["id"]) for row in server.client.pages(FEATURES) if row["name"] == name)


def links(server: Project, name: str = "trial") -> list[str]:
    """The segments of a flag's overrides in production, in the order in which they count."""
    place = next(
        row["id"] for row in server.client.pages("/api/v1/environments/", {"project": 1}) if row["name"] == "production"
    )
    where = {"environment": place, "feature": number_of(server, name)}
    rows = list(server.client.pages("/api/v1/features/feature-segments/", where))
    priorities = [row["priority"] for row in rows]
    assert len(set(priorities)) == len(priorities), "of equal priorities nobody knows which one counts"
    return [str(row["segment_name"]) for row in sorted(rows, key=lambda row: int(row["priority"]))]


def override(server: Project, flag: str, segment: str, value: str) -> None:
    """An override as a person makes it in the UI."""
    rules = [
        {
            "type": "ALL",
            "rules": [{"type": "ALL", "conditions": [{"property": segment, "operator": "EQUAL", "value": "true"}]}],
            "conditions": [],
        }
    ]
    there = {row["name"]: row["id"] for row in server.client.pages(SEGMENTS)}
    number = there.get(segment) or server.client.post(SEGMENTS, {"name": segment, "rules": rules})["id"]
    path = f"/api/v1/environments/{server.environments()['production']}/features/{number_of(server, flag)}"
    body = {
        "feature_segment": {"segment": number},
        "enabled": True,
        "feature_state_value": {"type": "unicode", "string_value": value},
    }
    server.client.post(f"{path}/create-segment-override/", body)


@pytest.mark.parametrize("is_versioned", [False, True])
def test_a_reordering_is_exact_and_leaves_peoples_overrides_in_their_place(
    server: Project, run: Run, tmp_path: Path, is_versioned: bool
) -> None:
    apply(run, server, written(tmp_path, targeting=targets(0, 1)))
    override(server, "trial", "by_hand", "hand")
    apply(run, server, written(tmp_path, targeting=targets(0, 1, 2, 3, 4)))
    assert links(server) == ["s0", "s1", "by_hand", "s2", "s3", "s4"]
    if is_versioned:
        server.client.post(f"/api/v1/environments/{server.environments()['production']}/enable-v2-versioning/", {})
    apply(run, server, written(tmp_path, targeting=targets(3, 0, 2, 4, 1)))
    assert links(server) == ["s3", "s0", "by_hand", "s2", "s4", "s1"]
    with server.sdk("production", local=True) as sdk:
        everything = dict.fromkeys(NAMES, True)
        assert sdk.get_identity_flags("a", traits=everything).get_feature_value("trial") == "v3"
        assert sdk.get_identity_flags("a", traits={"s2": True, "by_hand": True}).get_feature_value("trial") == "hand"


def variations(**weights: int) -> list[dict[str, Any]]:
    return [{"name": name, "value": f"value-{name[0]}", "weight": weight} for name, weight in weights.items()]


@pytest.mark.parametrize(
    "after",
    [
        {"a": 50, "b": 30, "c": 20},
        {"a": 70, "c": 30},
        {"a": 60, "b_renamed": 40},
        {"a": 30, "b": 70},
    ],
)
def test_variations_come_go_and_are_renamed_in_one_apply(
    server: Project, run: Run, tmp_path: Path, after: dict[str, int]
) -> None:
    apply(run, server, written(tmp_path, enabled=True, variations=variations(a=50, b=50)))
    before = {row["string_value"]: row["id"] for row in server.client.pages(_options(server))}
    path = written(tmp_path, enabled=True, variations=variations(**after))
    kept = tmp_path / "plan.json"
    assert run("flags", "plan", str(path), "--url", server.url, "--out", str(kept)).exit_code == 2
    done = run("flags", "apply", str(kept), "--url", server.url, "--yes")
    assert done.exit_code == 0, done.stderr
    rows = list(server.client.pages(_options(server)))
    assert {row["key"]: row["default_percentage_allocation"] for row in rows} == dict(list(after.items())[1:])
    same = {row["string_value"]: row["id"] for row in rows if row["string_value"] in before}
    assert all(before[value] == number for value, number in same.items()), "a renamed variation stays itself"


def _options(server: Project) -> str:
    return f"{FEATURES}{number_of(server, 'trial')}/mv-options/"


def test_a_flag_becomes_an_experiment_and_one_value_again(server: Project, run: Run, tmp_path: Path) -> None:
    apply(run, server, written(tmp_path, enabled=True, value="plain"))
    number = number_of(server, "trial")
    apply(run, server, written(tmp_path, enabled=True, variations=variations(a=50, b=50)))
    apply(run, server, written(tmp_path, enabled=True, value="plain"))
    assert number_of(server, "trial") == number


def test_second_overrides_that_two_runs_made_at_once_end_as_one(
    server: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(run, server, written(tmp_path))
    post = FlagsmithClient.post

    def racing(self: FlagsmithClient, path: str, body: object) -> object:
        if "create-segment-override" in path:
            post(self, path, body)  # the other run's
        return post(self, path, body)

    monkeypatch.setattr(FlagsmithClient, "post", racing)
    apply(run, server, written(tmp_path, targeting=targets(0, 1)))
    assert links(server) == ["s0", "s1"]


@pytest.mark.parametrize("on", [False, True])
def test_a_plan_does_not_cover_what_somebody_made_since(
    server: Project, run: Run, tmp_path: Path, each_release: str, *, on: bool
) -> None:
    """One that is on may have been switched on, where the release does not say when it was changed."""
    code, said = (3, "! flag trial: left as it is") if on and each_release == NEWEST else (1, "Flagsmith changed since")
    path, kept = written(tmp_path), tmp_path / "plan.json"
    assert run("flags", "plan", str(path), "--url", server.url, "--out", str(kept)).exit_code == 2
    server.client.post(FEATURES, {"name": "trial", "default_enabled": on, "description": "Mine."})
    done = run("flags", "apply", str(kept), "--url", server.url, "--yes")
    assert done.exit_code == code
    assert said in done.stderr
    (row,) = [row for row in server.client.pages(FEATURES) if row["name"] == "trial"]
    assert row["description"] == "Mine."


def test_a_plan_is_for_one_server(server: Project, run: Run, tmp_path: Path) -> None:
    path, kept = written(tmp_path), tmp_path / "plan.json"
    assert run("flags", "plan", str(path), "--url", server.url, "--out", str(kept)).exit_code == 2
    other = server.url.replace("127.0.0.1", "localhost")
    done = run("flags", "apply", str(kept), "--url", other, "--yes")
    assert done.exit_code == 1
    assert f"is a plan for the project 'FootAnalytics' of {server.url}" in done.stderr


@pytest.mark.parametrize("text", ['{"ffFlagsPlan": 1}', '{"ffFlagsPlan": 1, "catalogue": 5}', '{"ffFlagsPlan": 9}'])
def test_a_plan_that_somebody_edited_is_refused(server: Project, run: Run, tmp_path: Path, text: str) -> None:
    kept = tmp_path / "plan.json"
    kept.write_text(text, encoding="utf-8")
    done = run("flags", "apply", str(kept), "--url", server.url, "--yes")
    assert done.exit_code == 1
    assert str(kept) in done.stderr


def test_overrides_for_identities_are_never_touched(server: Project, run: Run, tmp_path: Path) -> None:
    if server.double is None:
        pytest.skip("they are made in the double's tables")
    apply(run, server, written(tmp_path, value="before"))
    data = server.double.database
    (own,) = data.rows("states", feature=number_of(server, "trial"), environment=3, identity=None)
    values = {name: value for name, value in own.items() if name != "id"}
    mine = data.insert("states", **{**values, "identity": 7, "enabled": True, "uuid": "of-a-user"})
    kept = dict(mine)
    apply(run, server, written(tmp_path, value="after", targeting=targets(0)))
    assert data.get("states", mine["id"]) == kept


def test_a_segment_that_peoples_flags_use_is_not_deleted(server: Project, run: Run, tmp_path: Path) -> None:
    apply(run, server, written(tmp_path, targeting=targets(0)))
    server.client.post(FEATURES, {"name": "by_hand"})
    override(server, "by_hand", "s1", "mine")
    shown = apply(run, server, written(tmp_path, targeting=targets(0), without=["s1", "s2"]), "--delete")
    assert "segment s1 (left the catalogue; targets by_hand, which is people's)" in shown
    assert links(server, "by_hand") == ["s1"]
    assert "s2" not in [row["name"] for row in server.client.pages(SEGMENTS)]
