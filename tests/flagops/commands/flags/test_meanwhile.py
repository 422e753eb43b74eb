"""What somebody changes between an apply's reading and its writing stays, whichever way the apply writes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from flagops.commands.flags.reconcile.apply.at_once import AtOnce
from flagops.commands.flags.reconcile.journal import Journal
from flagops.commands.flags.switch.wanted import Wanted
from flagops.commands.flags.switch.write import FlagSwitch
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from flagops.flagsmith_api.deployed import environments_of
from tests.flagops.commands.flags.support import EXAMPLE, RELEASES, Once, Project, Run, example
from tests.flagops.commands.flags.switching import FLAG, OTHER, feature, state
from tests.flagops.commands.flags.test_hands import following, share

STOPPED = 3
GPU = "    enabled: true\n    targeting:\n      - {segment: premium_users"
WRITERS = {"at once": (RELEASES[0], False), "in place": (RELEASES[1], False), "by versions": (RELEASES[1], True)}
Apply = Callable[..., Result]


@pytest.fixture
def apply(server: Project, run: Run, tmp_path: Path) -> Apply:
    """`ff flags apply CATALOGUE`, with notes in a file."""

    def command(path: Path = EXAMPLE, *options: str, word: str = "apply") -> Result:
        more = ("--yes",) if word == "apply" else ()
        words = ("--url", server.url, "--notes", str(tmp_path / "notes.json"), *more)
        return run("flags", word, str(path), *words, *options)

    return command


@pytest.fixture(params=WRITERS)
def noted(server: Project, apply: Apply, request: pytest.FixtureRequest, tmp_path: Path, once: Once) -> Project:
    """A project that has the example, on a server that is written to in one of three ways."""
    assert server.double
    server.double.version, is_versioned = WRITERS[request.param]
    if is_versioned:
        key = server.environments()["production"]
        server.client.post(f"/api/v1/environments/{key}/enable-v2-versioning/", {})
    return once(server, apply, tmp_path / "notes.json", kind=request.param)


@pytest.fixture
def at_once(server: Project, apply: Apply, tmp_path: Path, once: Once) -> Project:
    """The same, on a server of the newest release."""
    return once(server, apply, tmp_path / "notes.json")


def switch_off(server: Project, name: str = OTHER) -> None:
    """As `ff flags set` does, which knows each kind of environment."""
    (production,) = [item for item in environments_of(server.client, 1) if item.name == "production"]
    switch = FlagSwitch(server.client, production, feature(server, name)["id"], AtOnce(server.client))
    switch.write(Wanted(enabled=False), "on fire")


def edited(home: Path, more: Callable[[str], str] = lambda text: text) -> Path:
    """The example with a value for one flag that is on, and another one switched on."""

    def change(text: str) -> str:
        assert GPU in text
        return more(following(text.replace(GPU, f"    value: fast\n{GPU}", 1)))

    return example(home, change)


def before_writing(monkeypatch: pytest.MonkeyPatch, do: Callable[[], None]) -> None:
    """Somebody does it when the plan is made, and nothing is written yet."""
    begin = Journal.begin

    def beginning(self: Journal) -> Any:
        found = begin(self)
        do()
        return found

    monkeypatch.setattr(Journal, "begin", beginning)


def test_a_switch_between_reading_and_writing_stops_that_flag_alone(
    noted: Project, apply: Apply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = edited(tmp_path)
    with monkeypatch.context() as patched:
        before_writing(patched, lambda: switch_off(noted))
        done = apply(path)
    assert done.exit_code == STOPPED, done.stderr
    assert f"! flag {OTHER}: left as it is, after this was written: development, staging\n" in done.stderr
    assert "production: now off" in done.stderr
    assert state(noted, OTHER)["enabled"] is False, "the switch stays"
    assert state(noted)["enabled"] is True, "the other flag is applied"
    again = apply(path)
    assert again.exit_code == STOPPED
    assert state(noted, OTHER)["enabled"] is False, "and stays until somebody says so"
    assert apply(path, "--take-back", OTHER).exit_code == 0
    assert state(noted, OTHER)["enabled"] is True


def test_a_switch_after_an_answer_that_was_lost_is_not_written_over(
    noted: Project, apply: Apply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write is done, a gateway answers 502 in its place, and somebody switches it off before it is tried again."""
    request = FlagsmithClient.request
    lost: list[str] = []
    number = feature(noted, OTHER)["id"]

    def losing(self: FlagsmithClient, method: str, path: str, **options: Any) -> Any:
        found = request(self, method, path, **options)
        body = options.get("body") or {}
        about = f"/features/{number}/" in path or (isinstance(body, dict) and body.get("feature") == number)
        if self is not noted.client and method != "GET" and about and "fast" in str(body) and not lost:
            lost.append(path)
            switch_off(noted)
            raise FlagsmithError("502", 502)
        return found

    path = edited(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(FlagsmithClient, "request", losing)
        done = apply(path)
    assert lost
    assert done.exit_code == STOPPED, done.stderr
    assert state(noted, OTHER)["enabled"] is False


def test_a_switch_after_its_flag_was_written_is_said_and_stays(
    at_once: Project, apply: Apply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = AtOnce.write

    def writing(self: AtOnce, found: Any, wanted: Any, *rest: Any) -> bool:
        is_done = write(self, found, wanted, *rest)
        if wanted.name == FLAG:
            switch_off(at_once, FLAG)
        return is_done

    path = edited(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(AtOnce, "write", writing)
        done = apply(path)
    assert done.exit_code == STOPPED, done.stderr
    assert f"! flag {FLAG}: left as it is, after this was written: production\n" in done.stderr
    assert "production: now enabled off: somebody changed it while this apply was at work" in done.stderr
    assert state(at_once)["enabled"] is False
    assert state(at_once, OTHER)["feature_state_value"]["string_value"] == "fast"
    assert apply(path).exit_code == STOPPED


def test_what_was_written_and_switched_off_since_is_not_written_again_the_older_way(
    at_once: Project, apply: Apply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flag that this very run made and switched on is read again, since the server cannot take the next one so."""
    write = AtOnce.write

    def writing(self: AtOnce, found: Any, wanted: Any, environment: Any, *rest: Any) -> bool:
        if wanted.name == OTHER:
            return False
        is_done = write(self, found, wanted, environment, *rest)
        if (wanted.name, environment.name) == ("fresh", "production"):
            switch_off(at_once, "fresh")
        return is_done

    flag = "fresh:\n    description: New.\n    owner: us\n    kind: ops\n    enabled: true\n"
    path = edited(tmp_path, lambda text: text.replace("\nflags:\n", f"\nflags:\n  {flag}\n", 1))
    with monkeypatch.context() as patched:
        patched.setattr(AtOnce, "write", writing)
        done = apply(path)
    assert done.exit_code == STOPPED, done.stderr
    assert "! flag fresh: left as it is" in done.stderr
    assert state(at_once, "fresh")["enabled"] is False
    assert state(at_once, OTHER)["feature_state_value"]["string_value"] == "fast"


def test_a_flag_that_somebody_deleted_meanwhile_stops_alone(
    at_once: Project, apply: Apply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = feature(at_once, OTHER)["id"]
    with monkeypatch.context() as patched:
        before_writing(patched, lambda: at_once.client.delete(f"/api/v1/projects/1/features/{number}/"))
        done = apply(edited(tmp_path))
    assert done.exit_code == STOPPED, done.stderr
    assert "it was deleted" in done.stderr
    assert state(at_once)["enabled"] is True


def test_a_rollout_s_share_that_was_set_to_nothing_meanwhile_stays(
    noted: Project, apply: Apply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = edited(tmp_path, lambda text: text.replace("rollout: 25", "rollout: 35"))
    with monkeypatch.context() as patched:
        before_writing(patched, lambda: share(noted, "0"))
        done = apply(path)
    assert done.exit_code == STOPPED, done.stderr
    assert "! flag advanced_analytics_enabled: left as it is" in done.stderr
    rows = noted.client.pages("/api/v1/projects/1/segments/")
    (row,) = [row for row in rows if row["name"] == "advanced_analytics_enabled.production"]
    assert "'value': '0'" in str(row["rules"])
