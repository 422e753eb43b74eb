"""The first apply of a project: as few requests as can be, and nobody sees a flag on that is off for them."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from flagops.flagsmith_api.client import FlagsmithClient
from tests.flagops.commands.flags.support import API_KEY, ENVIRONMENTS, RELEASES, Project, Run, project
from tests.flagops.commands.flags.test_at_once import MANY, catalogue, sent


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project without environments."""
    monkeypatch.setenv("FLAGSMITH_API_KEY", API_KEY)
    with project(environments=()) as found:
        yield found


def written(home: Path, flags: dict[str, Any], environments: tuple[str, ...] = ENVIRONMENTS, **more: Any) -> Path:
    said = {"description": "One.", "owner": "web", "kind": "ops"}
    path = home / "first.yaml"
    content = {
        "project": "FootAnalytics",
        "environments": list(environments),
        "flags": {name: {**said, **flag} for name, flag in flags.items()},
        **more,
    }
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def states(server: Project, environment: str) -> dict[str, tuple[bool, Any]]:
    """What is served: on or off, and the value."""
    key = server.environments()[environment]
    rows = server.client.get("/api/v1/flags/", key=key)
    return {row["feature"]["name"]: (row["enabled"], row["feature_state_value"]) for row in rows}


def test_environments_that_are_the_same_are_made_as_copies(bare: Project, run: Run, tmp_path: Path) -> None:
    path = catalogue(tmp_path)
    assert bare.double
    bare.double.forget()
    done = run("flags", "apply", str(path), "--url", bare.url, "--yes")
    assert done.exit_code == 0, done.stderr
    found = sent(bare)
    # Development alone is written, and ten targets in production; staging is development's copy.
    assert found.pop("at once") == MANY + 10
    assert found.pop("POST features") == MANY
    assert found.pop("POST mv-options") == 10
    assert found.pop("POST segments") == 2
    assert (found.pop("POST tags"), found.pop("POST environments"), found.pop("POST clone")) == (1, 2, 1)
    assert found.pop("read") == 20, (
        "the project, its fields, what is there of tags, segments and staging, and once all that was made"
    )
    assert found == {}
    assert states(bare, "staging") == states(bare, "development") != states(bare, "production")
    assert "environment staging created" in done.stderr
    assert f"{MANY} flags" in done.stderr
    assert run("flags", "plan", str(path), "--url", bare.url).exit_code == 0


def test_what_is_different_in_a_copy_is_written_there(bare: Project, run: Run, tmp_path: Path) -> None:
    flags: dict[str, Any] = {f"flag_{number}": {"enabled": True, "value": number} for number in range(20)}
    flags["flag_3"]["environments"] = {"staging": {"enabled": False, "value": 333}, "production": {"value": 4}}
    for number in range(20):
        flags[f"flag_{number}"].setdefault("environments", {}).setdefault("production", {})["enabled"] = False
    path = written(tmp_path, flags)
    done = run("flags", "apply", str(path), "--url", bare.url, "--yes")
    assert done.exit_code == 0, done.stderr
    assert bare.double
    assert any("/clone/" in place for _, place in bare.double.requests)
    assert states(bare, "staging")["flag_3"] == (False, 333)
    assert states(bare, "staging")["flag_4"] == states(bare, "development")["flag_4"] == (True, 4)
    assert states(bare, "development")["flag_3"] == (True, 3)
    assert run("flags", "plan", str(path), "--url", bare.url).exit_code == 0


def test_a_copy_hides_nothing_that_its_source_alone_is_to_hide(bare: Project, run: Run, tmp_path: Path) -> None:
    flags = {f"flag_{number}": {"enabled": True, "value": number} for number in range(20)}
    path = written(tmp_path, flags, hide_disabled={"environments": {"development": True}})
    done = run("flags", "apply", str(path), "--url", bare.url, "--yes")
    assert done.exit_code == 0, done.stderr
    rows = bare.client.pages("/api/v1/environments/", {"project": 1})
    assert {row["name"]: row["hide_disabled_flags"] for row in rows} == {
        "development": True,
        "staging": None,
        "production": None,
    }


def test_nothing_is_copied_from_an_environment_that_was_there(server: Project, run: Run, tmp_path: Path) -> None:
    flags = {f"flag_{number}": {"enabled": True} for number in range(20)}
    assert run("flags", "apply", str(written(tmp_path, flags)), "--url", server.url, "--yes").exit_code == 0
    path = written(tmp_path, flags, (*ENVIRONMENTS, "review"))
    assert server.double
    server.double.forget()
    done = run("flags", "apply", str(path), "--url", server.url, "--yes")
    assert done.exit_code == 0, done.stderr
    assert not any("/clone/" in place for _, place in server.double.requests)
    assert states(server, "review") == states(server, "staging")


@pytest.mark.parametrize("release", RELEASES)
def test_a_flag_that_is_on_for_everybody_is_made_so_by_one_request(
    server: Project, run: Run, tmp_path: Path, release: str
) -> None:
    assert server.double
    server.double.version = release
    flags = {
        "same": {"enabled": True, "value": 7},
        "off": {"enabled": False},
        "elsewhere": {"enabled": True, "environments": {"production": {"value": "other"}}},
        "theirs": {"enabled": True, "state": "ui"},
    }
    server.double.forget()
    done = run("flags", "apply", str(written(tmp_path, flags)), "--url", server.url, "--yes")
    assert done.exit_code == 0, done.stderr
    rows = {row["name"]: row for row in server.client.pages("/api/v1/projects/1/features/")}
    assert {name: row["default_enabled"] for name, row in rows.items()} == {
        "same": True,
        "off": False,
        "elsewhere": False,
        "theirs": False,
    }
    number = rows["same"]["id"]
    assert not any(f"/features/{number}/" in place for _, place in server.double.requests)
    for environment in ENVIRONMENTS:
        assert states(server, environment)["same"] == (True, 7)
    assert run("flags", "plan", str(written(tmp_path, flags)), "--url", server.url).exit_code == 0


@pytest.mark.parametrize("why", ["an environment that the catalogue does not know", "some environments", "no values"])
def test_a_flag_is_never_on_where_nobody_said_so(server: Project, run: Run, tmp_path: Path, why: str) -> None:
    assert server.double
    options: tuple[str, ...] = ()
    if why == "some environments":
        options = ("-e", "development")
    elif why == "no values":
        server.client.patch("/api/v1/projects/1/", {"prevent_flag_defaults": True})
    else:
        server.double.add_environments("theirs")
    path = written(tmp_path, {"same": {"enabled": True, "value": "x"}})
    seen: list[Any] = []

    def watched(self: FlagsmithClient, path: str, body: object) -> Any:
        seen.append(body)
        return self.request("POST", path, body=body)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FlagsmithClient, "post", watched)
        done = run("flags", "apply", str(path), "--url", server.url, "--yes", *options)
    assert done.exit_code == 0, done.stderr
    assert [body["default_enabled"] for body in seen if "default_enabled" in body] == [False]
    places = ["development"] if options else list(ENVIRONMENTS)
    assert [place for place in server.environments() if states(server, place)["same"][0]] == places


def test_an_environment_that_another_run_made_meanwhile_is_not_made_twice(
    bare: Project, run: Run, tmp_path: Path
) -> None:
    assert bare.double
    double = bare.double
    real = FlagsmithClient.request
    one_at_a_time = threading.Lock()

    def racing(self: FlagsmithClient, method: str, path: str, **more: Any) -> Any:
        with one_at_a_time:
            if "features/" in path and method == "POST" and "staging" not in bare_names():
                double.add_environments("staging")
        return real(self, method, path, **more)

    def bare_names() -> set[str]:
        return {str(row["name"]) for row in double.database.rows("environments")}

    flags: dict[str, Any] = {f"flag_{number}": {"enabled": True} for number in range(20)}
    for flag in flags.values():
        flag["environments"] = {"production": {"enabled": False}}
    path = written(tmp_path, flags)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FlagsmithClient, "request", racing)
        done = run("flags", "apply", str(path), "--url", bare.url, "--yes")
    assert done.exit_code == 0, done.stderr
    names = [row["name"] for row in double.database.rows("environments")]
    assert sorted(names) == sorted(ENVIRONMENTS)
    assert run("flags", "plan", str(path), "--url", bare.url).exit_code == 0
