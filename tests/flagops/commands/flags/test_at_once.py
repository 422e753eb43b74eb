"""A server that takes a flag in an environment, its overrides and their order as one request is given just that."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from flagops.commands.flags.history import applies
from flagops.flagsmith_api import client
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from tests.flagops.commands.flags.support import ENVIRONMENTS, RELEASES, Project, Run
from tests.flagops.commands.flags.test_overrides import (
    apply,
    links,
    override,
    targets,
    variations,
    written,
)

FUTURE = "/api/__future__/"
MANY = 50


def catalogue(home: Path) -> Path:
    """Fifty flags in three environments: on in two of them, some with values, variations and targets."""
    flags: dict[str, Any] = {}
    for number in range(MANY):
        flag: dict[str, Any] = {
            "description": f"The {number}th.",
            "owner": "web",
            "kind": "ops",
            "enabled": True,
            "environments": {"production": {"enabled": False}},
        }
        if number % 10 == 0:
            flag["variations"] = variations(a=50, b=30, c=20)
        elif number % 3 == 0:
            flag["value"] = f"value {number}"
        if number % 5 == 0:
            flag["targeting"] = [{"segment": "s0", "enabled": False}, {"segment": "s1", "enabled": True}]
        flags[f"flag_{number}"] = flag
    segments = {
        name: {"description": name, "all": [{"trait": name, "operator": "EQUAL", "value": True}]}
        for name in ("s0", "s1")
    }
    content = {"project": "FootAnalytics", "environments": list(ENVIRONMENTS), "segments": segments, "flags": flags}
    path = home / "fifty.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def sent(server: Project) -> Counter[str]:
    """How many requests of each kind were made since they were counted last."""
    assert server.double
    counted: Counter[str] = Counter()
    for (method, path), count in server.double.requests.items():
        kind = (
            "read" if method == "GET" else "at once" if path.startswith(FUTURE) else f"{method} {path.split('/')[-2]}"
        )
        counted[kind] += count
    server.double.forget()
    return counted


def test_each_flag_takes_one_request_and_one_more_where_it_is_not_off(
    server: Project, run: Run, tmp_path: Path
) -> None:
    path = catalogue(tmp_path)
    assert server.double
    server.double.forget()
    done = run("flags", "apply", str(path), "--url", server.url, "--yes")
    assert done.exit_code == 0, done.stderr
    found = sent(server)
    # In production a flag is what it was made as, but for the ten that have targets.
    assert found.pop("at once") == 2 * MANY + 10
    assert found.pop("POST features") == MANY
    assert found.pop("POST mv-options") == 10
    assert found.pop("POST segments") == 2
    assert found.pop("POST tags") == 1
    assert found.pop("read") <= 27, "twice the project, and once what is there of tags and segments"
    assert found == {}
    server.double.version = RELEASES[1]
    assert run("flags", "plan", str(path), "--url", server.url).exit_code == 0


def test_an_older_server_ends_the_same_with_more_requests(server: Project, run: Run, tmp_path: Path) -> None:
    assert server.double
    server.double.version = RELEASES[1]
    path = catalogue(tmp_path)
    done = run("flags", "apply", str(path), "--url", server.url, "--yes")
    assert done.exit_code == 0, done.stderr
    assert not any(place.startswith(FUTURE) for _, place in server.double.requests)
    server.double.version = RELEASES[0]
    assert run("flags", "plan", str(path), "--url", server.url).exit_code == 0


@pytest.mark.parametrize("with_ui", [True, False])
def test_a_server_that_does_not_say_its_release_is_tried_and_written_the_older_way(
    server: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_ui: bool
) -> None:
    assert server.double
    monkeypatch.setattr(client, "_release", lambda _: None)
    server.double.version, server.double.with_ui = RELEASES[1], with_ui
    apply(run, server, written(tmp_path, targeting=targets(1, 0)))
    assert links(server) == ["s1", "s0"]
    tried = sum(count for (_, path), count in server.double.requests.items() if path.startswith(FUTURE))
    assert tried == 1


def test_only_what_changes_is_sent(server: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apply(run, server, written(tmp_path, value="one", targeting=targets(0, 1)))
    bodies = watched(monkeypatch)
    apply(run, server, written(tmp_path, value="one", enabled=True, targeting=targets(0, 1)))
    apply(run, server, written(tmp_path, value="one", enabled=True, targeting=targets(1, 0)))
    (switched, reordered) = bodies
    assert switched == ("PATCH", {"environment_default": {"enabled": True}})
    method, body = reordered
    assert method == "PATCH"
    assert all(item.keys() == {"segment", "priority"} for item in body["segment_overrides"])
    assert links(server) == ["s1", "s0"]


def watched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """The methods and bodies of all writes to the new path."""
    bodies: list[tuple[str, Any]] = []
    request = FlagsmithClient.request

    def watching(self: FlagsmithClient, method: str, path: str, **options: Any) -> Any:
        if path.startswith(FUTURE) and method != "GET":
            bodies.append((method, options.get("body")))
        return request(self, method, path, **options)

    monkeypatch.setattr(FlagsmithClient, "request", watching)
    return bodies


@pytest.mark.parametrize("is_versioned", [False, True])
def test_what_has_to_go_goes_in_the_same_request(
    server: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_versioned: bool
) -> None:
    if is_versioned:
        server.client.post(f"/api/v1/environments/{server.environments()['production']}/enable-v2-versioning/", {})
    apply(run, server, written(tmp_path, value="one", targeting=targets(0, 1, 2)))
    if not is_versioned:
        override(server, "trial", "by_hand", "hand")
    bodies = watched(monkeypatch)
    back = ("--take-back", "trial")  # the test has no log that says whose the overrides are
    apply(run, server, written(tmp_path, value="one", targeting=targets(2, 0)), *back)
    ((method, body),) = bodies
    assert method == "PUT"
    assert links(server) == ["s2", "s0", *([] if is_versioned else ["by_hand"])]
    assert body["environment_default"]["value"] == {"type": "string", "value": "one"}
    apply(run, server, written(tmp_path), *back)
    with server.sdk("production", local=True) as sdk:
        assert sdk.get_environment_flags().get_feature_value("trial") is None


def test_what_the_path_cannot_say_is_written_the_older_way(server: Project, run: Run, tmp_path: Path) -> None:
    """Somebody's override has no value, and the flag has one: sent anew, the override would get the flag's."""
    apply(run, server, written(tmp_path, value="one", targeting=targets(0, 1)))
    override(server, "trial", "by_hand", "hand")
    assert server.double
    data = server.double.database
    segment = data.one("segments", name="by_hand")["id"]
    link = data.one("feature_segments", segment=segment)["id"]
    empty = {"type": "unicode", "string_value": None, "integer_value": None, "boolean_value": None}
    data.one("states", feature_segment=link)["value"] = empty
    apply(run, server, written(tmp_path, value="one", targeting=targets(1)))
    assert links(server) == ["s1", "by_hand"]
    assert data.one("states", feature_segment=link)["value"] == empty


def test_two_overrides_with_one_priority_are_mended(server: Project, run: Run, tmp_path: Path) -> None:
    """As two runs at the same time leave them; the path refuses to write such a flag."""
    apply(run, server, written(tmp_path, targeting=targets(0, 1)))
    assert server.double
    for row in server.double.database.rows("feature_segments"):
        row["priority"] = 7
    apply(run, server, written(tmp_path, enabled=True, targeting=targets(1, 0)))
    assert links(server) == ["s1", "s0"]


def test_a_project_that_gives_new_flags_no_value_ends_with_the_catalogues(
    server: Project, run: Run, tmp_path: Path
) -> None:
    assert server.double
    server.double.database.get("projects", 1)["prevent_flag_defaults"] = True
    apply(run, server, written(tmp_path, value="one"))
    apply(run, server, written(tmp_path, value=5))


def test_what_was_done_beside_a_refusal_is_told_and_recorded(
    server: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, record = catalogue(tmp_path), tmp_path / "applies.jsonl"
    notes = ("--notes", str(tmp_path / "notes.json"))
    request = FlagsmithClient.request
    written_to: list[str] = []

    def refusing(self: FlagsmithClient, method: str, path: str, **options: Any) -> Any:
        if path.startswith(FUTURE) and method != "GET":
            if len(written_to) == MANY:
                raise FlagsmithError(f"{method} {path}: status 400", 400)
            written_to.append(path)
        return request(self, method, path, **options)

    monkeypatch.setattr(FlagsmithClient, "request", refusing)
    done = run("flags", "apply", str(path), "--url", server.url, "--yes", "--record", str(record), *notes)
    assert done.exit_code == 1
    assert "status 400" in done.stderr
    told = re.findall(r"^ (?:flag|segment) ", done.stderr, flags=re.MULTILINE)
    assert f"{len(told)} steps were done." in done.stderr
    assert len(told) >= 2 + MANY + len(written_to), "each segment, each flag, each request"
    (found,) = applies.of_file(record)
    assert not found.is_whole
    monkeypatch.setattr(FlagsmithClient, "request", request)
    done = run("flags", "apply", str(path), "--url", server.url, "--yes", *notes)
    assert done.exit_code == 0, done.stderr
