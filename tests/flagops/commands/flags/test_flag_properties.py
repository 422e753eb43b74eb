"""What a flag is beside its states, and what depends on the engine that the server runs."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flagops.commands.flags.support import Project, Run
from tests.flagops.commands.flags.test_overrides import FEATURES, SEGMENTS, override
from tests.flagops.commands.flags.test_settle import export

HEAD = "project: FootAnalytics\nenvironments: [development, staging, production]\n"
FLAG = "flags:\n  banner: {description: x, owner: x, kind: ops, enabled: true%s}\n"
VARIATIONS = ", variations: [{name: a, value: x, weight: 50}, {name: b, value: y, weight: 50}]"
SEGMENT = "segments:\n  some:\n    description: x\n    all: [{trait: %s, operator: EQUAL, value: true}]\n"
OTHER = "$.flags.banner.enabled"


def write(home: Path, text: str) -> str:
    path = home / "c.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    return str(path)


def apply(server: Project, run: Run, home: Path, text: str) -> Any:
    return run("flags", "apply", write(home, text), "--url", server.url, "--yes")


def plan(server: Project, run: Run, home: Path, text: str) -> Any:
    done = run("flags", "plan", write(home, text), "--url", server.url, "--json")
    assert done.exit_code in (0, 2), done.stderr
    return json.loads(done.stdout)


def served(server: Project, key: str) -> list[str]:
    answer = httpx.get(f"{server.url}/api/v1/flags/", headers={"X-Environment-Key": key})
    return [row["feature"]["name"] for row in answer.json()]


def test_a_flag_for_server_side_keys_is_none_for_browsers_and_stays_one(
    server: Project, run: Run, tmp_path: Path
) -> None:
    done = apply(server, run, tmp_path, FLAG % ", server_side_only: true")
    assert done.exit_code == 0, done.stderr
    key = server.environments()["staging"]
    secret = server.client.post(f"/api/v1/environments/{key}/api-keys/", {"name": "x"})["key"]
    assert (served(server, key), served(server, secret)) == ([], ["banner"])
    path, left_out = export(server, run, tmp_path)
    assert left_out == []
    assert "server_side_only: true" in path.read_text(encoding="utf-8")
    left_alone = plan(server, run, tmp_path, FLAG % "")
    assert left_alone["changes"] == []
    assert left_alone["unmanaged"] == ["server-side only of flag banner"]
    opened = plan(server, run, tmp_path, FLAG % ", server_side_only: false")
    assert [(item["field"], item["before"], item["after"]) for item in opened["changes"]] == [
        (["server-side only"], True, False)
    ]
    assert apply(server, run, tmp_path, FLAG % ", server_side_only: false").exit_code == 0
    assert served(server, key) == ["banner"]


def test_serve_keeps_it_from_client_side_keys_too(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, FLAG % ", server_side_only: true")
    done = run("flags", "document", path, "--environment", "staging")
    document = json.loads(done.stdout)
    assert document["project"]["server_key_only_feature_ids"] == [document["feature_states"][0]["feature"]["id"]]


@pytest.mark.parametrize(
    ("release", "said"),
    [
        ("2.265.0", "Flagsmith 2.265.0 has flag-engine 10, which finds no flag there"),
        ("2.271.0", "Flagsmith 2.271.0 runs an engine that is not known here (engines are known here up to 2.265.0)"),
        ("unknown", "the server does not say its release"),
    ],
)
def test_a_condition_on_another_flag_is_refused_where_it_is_not_known_what_it_does(
    server: Project, run: Run, tmp_path: Path, release: str, said: str
) -> None:
    assert server.double is not None
    server.double.version = release
    done = apply(server, run, tmp_path, SEGMENT % OTHER + FLAG % "")
    assert done.exit_code == 1
    assert f"segment some asks for another flag, and {said}" in done.stderr
    assert list(server.client.pages(SEGMENTS)) == [], "nothing half done"


def test_one_that_is_there_already_is_told_and_explained_by_nobody(server: Project, run: Run, tmp_path: Path) -> None:
    conditions = [{"property": OTHER, "operator": "EQUAL", "value": "true"}]
    rules = [{"type": "ALL", "rules": [{"type": "ALL", "conditions": conditions}], "conditions": []}]
    server.client.post(SEGMENTS, {"name": "some", "description": "x", "rules": rules})
    server.client.post(FEATURES, {"name": "banner", "initial_value": "a"})
    override(server, "banner", "some", "special")
    path, left_out = export(server, run, tmp_path)
    assert left_out == []
    planned = run("flags", "plan", str(path), "--url", server.url)
    assert " ! segment some asks for another flag: Flagsmith 2.265.0 has flag-engine 10" in planned.stdout
    done = run("flags", "explain", "banner", "-e", "production", "-i", "joe", "--url", server.url)
    assert done.exit_code == 1
    assert "The segment 'some' of banner asks for another flag: Flagsmith 2.265.0 has flag-engine 10" in done.stderr


@pytest.mark.parametrize(
    ("release", "reason"), [("2.265.0", "DEFAULT"), ("2.0.0", "DEFAULT"), ("2.271.0", "STATIC"), ("unknown", "STATIC")]
)
def test_the_reason_is_in_the_words_of_the_server_s_engine(
    server: Project, run: Run, release: str, reason: str
) -> None:
    """A newer release, or one that is not said, may have any engine: then it is that of the engine here."""
    assert server.double is not None
    server.client.post(FEATURES, {"name": "banner", "initial_value": "a"})
    server.double.version = release
    done = run("flags", "explain", "banner", "-e", "production", "--url", server.url, "--json")
    assert json.loads(done.stdout)["local"]["reason"] == reason


def test_older_servers_are_asked_for_no_more_than_they_have(server: Project, run: Run, tmp_path: Path) -> None:
    assert server.double is not None
    server.double.version = "2.187.0"
    done = apply(server, run, tmp_path, SEGMENT % "$.environment.name" + FLAG % "")
    assert "segment some asks for $.identity or $.environment, and Flagsmith has that from 2.188.0" in done.stderr
    told = plan(server, run, tmp_path, FLAG % VARIATIONS)
    assert told["waiting"] == [
        "Flagsmith 2.187.0 has no names of variations (from 2.239.0): they are told apart by their values"
    ]
    server.double.version = "2.239.0"
    assert plan(server, run, tmp_path, FLAG % VARIATIONS)["waiting"] == []


def test_the_release_is_asked_for_only_where_something_depends_on_it(server: Project, run: Run, tmp_path: Path) -> None:
    assert server.double is not None
    server.double.forget()
    plan(server, run, tmp_path, SEGMENT % "plan" + FLAG % "")
    assert server.double.requests["GET", "/version/"] == 0


def test_validate_says_so_without_a_server(run: Run, tmp_path: Path) -> None:
    done = run("flags", "validate", write(tmp_path, SEGMENT % OTHER + FLAG % ""))
    assert (
        "segments.some.all[0].trait: is '$.flags.banner.enabled': it asks for other flags" in done.stdout + done.stderr
    )


def test_flags_that_are_off_are_hidden_where_the_catalogue_says_so(server: Project, run: Run, tmp_path: Path) -> None:
    off = FLAG.replace("enabled: true", "enabled: false") % ""
    hiding = "hide_disabled: {project: true, environments: {production: false, canary: true}}\n"
    text = hiding + off
    path = tmp_path / "c.yaml"
    path.write_text(HEAD.replace("production]", "production, canary]") + text, encoding="utf-8")
    planned = run("flags", "plan", str(path), "--url", server.url)
    assert " ~ project settings" in planned.stdout
    assert "hide flags that are off false → true" in planned.stdout
    done = run("flags", "apply", str(path), "--url", server.url, "--yes")
    assert done.exit_code == 0, done.stderr
    keys = server.environments()
    assert {name: served(server, key) for name, key in keys.items()} == {
        "development": [],
        "staging": [],
        "production": ["banner"],
        "canary": [],
    }
    back, left_out = export(server, run, tmp_path)
    assert left_out == []
    assert "hide_disabled:" in back.read_text(encoding="utf-8")
    path.write_text(HEAD.replace("production]", "production, canary]") + off, encoding="utf-8")
    left_alone = json.loads(run("flags", "plan", str(path), "--url", server.url, "--json").stdout)
    assert (left_alone["changes"], left_alone["unmanaged"]) == (
        [],
        [
            "project settings: hide flags that are off",
            "environment production: do not hide flags that are off",
            "environment canary: hide flags that are off",
        ],
    )


def test_serve_hides_them_too_and_an_unknown_environment_is_named(run: Run, tmp_path: Path) -> None:
    text = "hide_disabled: {environments: {production: true}}\n" + FLAG % ""
    done = run("flags", "document", write(tmp_path, text), "--environment", "production")
    document = json.loads(done.stdout)
    assert (document["hide_disabled_flags"], document["project"]["hide_disabled_flags"]) == (True, False)
    done = run("flags", "validate", write(tmp_path, text.replace("production", "prod")))
    assert "hide_disabled.environments.prod: is no environment of this catalogue" in done.stdout + done.stderr
