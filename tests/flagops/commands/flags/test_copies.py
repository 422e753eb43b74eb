"""A new environment that is made as a copy has what the catalogue says, whatever somebody does to its source meanwhile;
and of one that Flagsmith has not finished making nothing is read or written."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flagops.commands.flags.reconcile.apply.twins import copy
from tests.flagops.commands.flags.support import API_KEY, Project, Run, project
from tests.flagops.commands.flags.switching import at_once, change, feature, set_flag, state, switch
from tests.flagops.commands.flags.switching import states as rows
from tests.flagops.commands.flags.test_first_apply import states, written

STOPPED = 3
PAIR = ("development", "staging")
TEXT = {"type": "unicode", "integer_value": None, "boolean_value": None, "string_value": "theirs"}
SEGMENT = {"description": "One.", "all": [{"trait": "plan", "operator": "EQUAL", "value": "vip"}]}
FLAGS: dict[str, Any] = {
    **{f"flag_{number}": {"enabled": True, "value": number} for number in range(1, 20)},
    "flag_0": {"enabled": False},
    "aimed": {"enabled": True, "value": "x", "targeting": [{"segment": "vips", "enabled": False}]},
}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project without environments."""
    monkeypatch.setenv("FLAGSMITH_API_KEY", API_KEY)
    with project(environments=()) as found:
        yield found


def before_copying(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> None:
    def copying(*args: Any) -> None:
        do()
        copy(*args)

    monkeypatch.setattr("flagops.commands.flags.reconcile.apply.run.copy", copying)


def target(server: Project) -> None:
    """People make a segment, and an override for it."""
    rules = [{"type": "ALL", "rules": [], "conditions": []}]
    made = server.client.post("/api/v1/projects/1/segments/", {"name": "mine", "rules": rules})
    override = {"segment": {"id": made["id"]}, "enabled": False, "value": {"type": "string", "value": "x"}}
    at_once(server, {"segment_overrides": [override]}, "flag_1", "development")


IN_SOURCE: dict[str, tuple[str, Callable[[Project], object]]] = {
    "off": ("flag_1", lambda server: switch(server, "flag_1", "development", on=False)),
    "on": ("flag_0", lambda server: switch(server, "flag_0", "development", on=True)),
    "a value": ("flag_1", lambda server: change(server, "flag_1", "development", feature_state_value=TEXT)),
    "an override's end": (
        "aimed",
        lambda server: server.client.delete(
            "/api/v1/features/feature-segments/"
            f"{next(row['feature_segment'] for row in rows(server, 'aimed', 'development') if row['feature_segment'])}/"
        ),
    ),
    "an override of theirs": ("", target),
}


@pytest.mark.parametrize("what", IN_SOURCE)
def test_what_was_switched_in_the_source_is_not_copied(
    bare: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    name, do = IN_SOURCE[what]
    path = written(tmp_path, FLAGS, PAIR, segments={"vips": SEGMENT})
    notes = ("--url", bare.url, "--notes", str(tmp_path / "notes.json"))
    with monkeypatch.context() as patched:
        before_copying(patched, lambda: do(bare))
        done = run("flags", "apply", str(path), *notes, "--yes")
    assert bare.double
    assert any("/clone/" in place for _, place in bare.double.requests)
    assert done.exit_code == (STOPPED if name else 0), done.stderr
    if name:
        where = "its definition, development, staging"
        assert f"! flag {name}: left as it is, after this was written: {where}\n     development: now" in done.stderr
    served = states(bare, "staging")
    assert served["flag_0"][0] is False
    assert {served[f"flag_{number}"] for number in range(1, 20)} == {(True, number) for number in range(1, 20)}
    overrides = [row["enabled"] for row in rows(bare, "aimed", "staging") if row["feature_segment"]]
    assert overrides == [False]
    assert [row for row in rows(bare, "flag_1", "staging") if row["feature_segment"]] == []
    # What is in the copy is the apply's own: a plan that takes the source back has no more to do.
    taken = ("--take-back", name) if name else ()
    assert run("flags", "apply", str(path), *notes, "--yes", *taken).exit_code == 0
    assert run("flags", "plan", str(path), *notes).exit_code == 0


def test_a_flag_that_is_gone_when_its_environment_is_copied_stops_alone(
    bare: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, FLAGS, PAIR, segments={"vips": SEGMENT})
    before_copying(
        monkeypatch, lambda: bare.client.delete(f"/api/v1/projects/1/features/{feature(bare, 'flag_3')['id']}/")
    )
    done = run("flags", "apply", str(path), "--url", bare.url, "--yes")
    assert done.exit_code == STOPPED, done.stderr
    assert "! flag flag_3: left as it is" in done.stderr
    assert states(bare, "staging")["flag_4"] == (True, 4)


def half_made(server: Project, name: str = "staging") -> None:
    """Flagsmith is making the environment: it has no states yet."""
    assert server.double
    data = server.double.database
    row = data.one("environments", name=name)
    row["is_creating"] = True
    for item in data.rows("states", environment=row["id"]):
        data.remove("states", id=item["id"])


def test_an_environment_that_is_being_made_is_named_and_nothing_is_written(
    server: Project, run: Run, tmp_path: Path
) -> None:
    path = written(tmp_path, {"one": {"enabled": False}})
    assert run("flags", "apply", str(path), "--url", server.url, "--yes").exit_code == 0
    half_made(server)
    assert server.double
    changed = written(tmp_path, {"one": {"enabled": False, "description": "Another."}})
    for words in (("plan", str(changed)), ("apply", str(changed), "--yes"), ("export", "--out", str(tmp_path / "x"))):
        server.double.forget()
        done = run("flags", *words, "--url", server.url)
        assert done.exit_code == 1, done.stdout
        assert "has not finished making the environment staging" in done.stderr
        assert {method for method, _ in server.double.requests} == {"GET"}
    assert run("flags", "apply", str(changed), "--url", server.url, "--yes", "-e", "production").exit_code == 1


def test_a_switch_says_so_of_that_environment_and_does_the_others(server: Project, run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, {"one": {"enabled": True}})
    assert run("flags", "apply", str(path), "--url", server.url, "--yes").exit_code == 0
    half_made(server)
    done = set_flag(run, server, "one", "--off", "-e", "all")
    assert done.exit_code == 1
    assert "one is not switched in staging; done in development, production" in done.stderr
    assert "has not finished making the environment staging" in done.stderr
    assert state(server, "one")["enabled"] is False


def test_a_flag_that_an_environment_lacks_stops_alone(server: Project, run: Run, tmp_path: Path) -> None:
    """A copy that failed in between is never finished: Flagsmith says that it is, and has some of its flags."""
    flags: dict[str, dict[str, Any]] = {"one": {"enabled": True}, "two": {"enabled": True}}
    assert run("flags", "apply", str(written(tmp_path, flags)), "--url", server.url, "--yes").exit_code == 0
    assert server.double
    data = server.double.database
    lost = state(server, "one", "staging")["id"]
    data.remove("states", id=lost)
    flags["two"]["value"] = "new"
    path = written(tmp_path, flags)
    done = run("flags", "apply", str(path), "--url", server.url, "--yes")
    assert done.exit_code == STOPPED, done.stderr
    assert "not in staging: Flagsmith has no state of it there" in done.stderr
    assert states(server, "production")["two"] == (True, "new")
