"""Applying when things go wrong: interruptions, a server that fails, two runs at a time, plans that are out of date."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flagops.commands.flags.catalogue.load import load
from flagops.commands.flags.reconcile import carrying
from flagops.commands.flags.reconcile.apply import Reviewed, apply
from flagops.commands.flags.reconcile.change import Change
from flagops.commands.flags.reconcile.desired import desired
from flagops.flagsmith_api import client, ensure
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from flagops.flagsmith_api.connect import Connection, connect
from tests.flagops.commands.flags.support import EXAMPLE, RELEASES, Project, Run, example
from tests.flagops.commands.flags.switching import FLAG

STOPPED = 3
TAKEN_BACK = ("--take-back", FLAG)
"""These keep no notes, and switch it."""
OVERRIDE = "create-segment-override"


@pytest.fixture(autouse=True)
def _without_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for the double, which is well again at once."""
    for module in (client, ensure):
        monkeypatch.setattr(module, "FIRST_WAIT", 0.02)


class KilledError(Exception):
    """The run's process is gone."""


@contextmanager
def connected(server: Project) -> Iterator[Connection]:
    with connect(stack=None, url=server.url, project="FootAnalytics") as connection:
        yield connection


@pytest.mark.parametrize("steps", [1, 7, 19, 24, 33, 40])
def test_an_interrupted_apply_is_completed_by_the_next(
    server: Project, run: Run, each_release: str, steps: int
) -> None:
    """Without notes, newer releases do not tell a flag that is off as it was made from one that somebody switched off:
    such a one is named, and taken back by name."""
    killed_after(server, steps)
    words = ("flags", "apply", str(EXAMPLE), "--url", server.url, "--yes")
    second = run(*words)
    if second.exit_code == STOPPED and each_release == RELEASES[0]:
        left = json.loads(run("flags", "plan", str(EXAMPLE), "--url", server.url, "--json").stdout)["conflicts"]
        assert {(item["why"], item["change"]["before"]) for item in left} == {("unknown", False)}
        second = run(*words, *(word for item in left for word in ("--take-back", item["name"])))
    assert second.exit_code == 0, second.stderr
    assert run("flags", "plan", str(EXAMPLE), "--url", server.url).exit_code == 0
    assert _doubled(server) == []


def killed_after(server: Project, steps: int) -> None:
    """An apply of the example whose process is gone after so many steps."""
    done: list[Change] = []

    def kill(change: Change) -> None:
        done.append(change)
        if len(done) == steps:
            raise KilledError

    wanted = desired(load(EXAMPLE)[0])
    with connected(server) as connection, pytest.raises(KilledError):
        apply(connection, Reviewed.now(connection, wanted), on_change=kill, rate=1000)


def _doubled(server: Project) -> list[object]:
    """Segments that have two overrides of one flag in one environment."""
    if server.double is None:
        return []
    rows = server.double.database.rows("feature_segments")
    keys = [(row["environment"], row["feature"], row["segment"]) for row in rows]
    return [key for key in keys if keys.count(key) > 1]


def test_a_busy_server_is_asked_again(server: Project, run: Run) -> None:
    assert server.double
    server.double.every = 7
    server.double.then = 429
    done = run("flags", "apply", str(EXAMPLE), "--url", server.url, "--yes")
    assert done.exit_code == 0, done.stderr
    server.double.every = 0
    assert run("flags", "plan", str(EXAMPLE), "--url", server.url).exit_code == 0


@pytest.mark.parametrize("what", [OVERRIDE, "/features/", "/segments/", "mv-options", "/tags/", "/groups/"])
def test_an_answer_that_was_lost_makes_nothing_twice(
    server: Project, run: Run, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server does it, and a gateway answers 502 in its place: every time the first time."""
    if what == OVERRIDE and server.double:
        server.double.version = RELEASES[1]
    lost: set[str] = set()
    post = FlagsmithClient.post

    def losing(self: FlagsmithClient, path: str, body: object) -> object:
        found = post(self, path, body)
        key = f"{path} {json.dumps(body, sort_keys=True)}"
        if what in path and key not in lost:
            lost.add(key)
            raise FlagsmithError("502", 502)
        return found

    monkeypatch.setattr(FlagsmithClient, "post", losing)
    done = run("flags", "apply", str(EXAMPLE), "--url", server.url, "--yes")
    assert lost
    assert done.exit_code == 0, done.stderr
    assert _doubled(server) == []
    for table in ("segments", "features", "options", "tags", "groups"):
        assert server.double
        names = [
            (row.get("feature") if table == "options" else None, row.get("name") or row.get("label") or row.get("key"))
            for row in server.double.database.rows(table)
        ]
        assert len(names) == len(set(names)), table


def test_a_refusal_stops_it_and_says_what_was_done(server: Project, run: Run) -> None:
    assert server.double
    server.double.failing["/api/v1/features/featurestates/"] = 400
    done = run("flags", "apply", str(EXAMPLE), "--url", server.url, "--yes")
    assert done.exit_code == 1
    assert "status 400" in done.stderr
    server.double.failing.clear()
    done = run("flags", "apply", str(EXAMPLE), "--url", server.url, "--yes")
    assert done.exit_code == 0, done.stderr


def test_a_kept_plan_is_applied_as_it_is_or_refused(applied: Project, run: Run, tmp_path: Path) -> None:
    path = example(tmp_path, lambda text: text.replace("production: {enabled: false}", "production: {enabled: true}"))
    kept = tmp_path / "plan.json"
    made = run("flags", "plan", str(path), "--url", applied.url, "--out", str(kept), *TAKEN_BACK)
    assert made.exit_code == 2
    number = next(row["id"] for row in applied.client.pages("/api/v1/projects/1/features/", {"search": "hebrew_ui"}))
    applied.client.patch(f"/api/v1/projects/1/features/{number}/", {"description": "Somebody was here."})
    refused = run("flags", "apply", str(kept), "--url", applied.url, "--yes")
    assert refused.exit_code == 1
    assert "Flagsmith changed since" in refused.stderr
    assert "flag hebrew_ui_enabled updated: description Somebody was here. →" in refused.stderr
    original = load(EXAMPLE)[0].flags["hebrew_ui_enabled"].description
    applied.client.patch(f"/api/v1/projects/1/features/{number}/", {"description": original})
    done = run("flags", "apply", str(kept), "--url", applied.url, "--yes")
    assert done.exit_code == 0, done.stderr
    again = run("flags", "apply", str(kept), "--url", applied.url, "--yes")
    assert again.exit_code == 0
    assert "Nothing to do." in again.stderr
    path.write_text(path.read_text() + "\n# another one\n", encoding="utf-8")
    refused = run("flags", "apply", str(kept), "--url", applied.url, "--yes")
    assert refused.exit_code == 1
    assert "is not the catalogue that" in refused.stderr


def test_a_kept_plan_that_was_interrupted_is_completed(server: Project, run: Run, tmp_path: Path) -> None:
    kept = tmp_path / "plan.json"
    assert run("flags", "plan", str(EXAMPLE), "--url", server.url, "--out", str(kept)).exit_code == 2
    killed_after(server, 40)
    second = run("flags", "apply", str(kept), "--url", server.url, "--yes")
    assert second.exit_code == 0, second.stderr
    assert run("flags", "plan", str(EXAMPLE), "--url", server.url).exit_code == 0


def test_what_changed_while_somebody_was_asked_is_not_written_over(
    applied: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = example(tmp_path, lambda text: text.replace("production: {enabled: false}", "production: {enabled: true}"))
    number = next(row["id"] for row in applied.client.pages("/api/v1/projects/1/features/", {"search": "hebrew_ui"}))

    def agree(*_: object) -> None:
        applied.client.patch(f"/api/v1/projects/1/features/{number}/", {"description": "Somebody was here."})

    monkeypatch.setattr(carrying, "_agree", agree)
    done = run("flags", "apply", str(path), "--url", applied.url, *TAKEN_BACK)
    assert done.exit_code == 1
    assert "Flagsmith changed since it was planned." in done.stderr


@pytest.mark.parametrize(("given", "is_done"), [("FootAnalytics\n", True), ("yes\n", False)])
def test_production_wants_the_projects_name(
    applied: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, is_done: bool
) -> None:
    path = example(tmp_path, lambda text: text.replace("production: {enabled: false}", "production: {enabled: true}"))
    monkeypatch.setattr("flagops.terminal.confirm.is_terminal", lambda: True)
    done = run("flags", "apply", str(path), "--url", applied.url, *TAKEN_BACK, given=given)
    assert (done.exit_code == 0) is is_done, done.stderr
    left = run("flags", "plan", str(path), "--url", applied.url, *TAKEN_BACK).exit_code
    assert left == (0 if is_done else 2)


def test_without_a_terminal_it_has_to_be_said(applied: Project, run: Run, tmp_path: Path) -> None:
    path = example(tmp_path, lambda text: text.replace("production: {enabled: false}", "production: {enabled: true}"))
    done = run("flags", "apply", str(path), "--url", applied.url, *TAKEN_BACK)
    assert done.exit_code == 1
    assert "Add --yes." in done.stderr
    assert run("flags", "plan", str(path), "--url", applied.url, *TAKEN_BACK).exit_code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--url", "http://127.0.0.1:9", "--yes"), "127.0.0.1:9"),
        (("--url", "flags.example.com"), "must be http:// or https://"),
    ],
)
def test_no_way_in_is_said(server: Project, run: Run, words: tuple[str, ...], said: str) -> None:
    done = run("flags", "apply", str(EXAMPLE), *words)
    assert done.exit_code == 1
    assert said in done.stderr
    assert server.url


def test_without_a_key_nothing_is_tried(server: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLAGSMITH_API_KEY")
    done = run("flags", "plan", str(EXAMPLE), "--url", server.url)
    assert done.exit_code == 1
    assert "FLAGSMITH_API_KEY is empty" in done.stderr


def test_another_project_is_named(server: Project, run: Run, tmp_path: Path) -> None:
    path = example(tmp_path, lambda text: text.replace("project: FootAnalytics", "project: Other"))
    done = run("flags", "plan", str(path), "--url", server.url)
    assert done.exit_code == 1
    assert "There is no project 'Other'" in done.stderr
    assert "there are: FootAnalytics." in done.stderr
