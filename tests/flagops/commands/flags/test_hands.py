"""A switch stays where people put it: what apply does with what somebody else changed since the last one."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from typer.testing import Result

from flagops.commands.flags.history import left
from flagops.commands.flags.history import notes as kept_notes
from flagops.commands.flags.reconcile.apply.at_once import AtOnce
from flagops.commands.flags.reconcile.journal import Journal
from flagops.flagsmith_api.client import FlagsmithError
from tests.flagops.commands.flags.support import EXAMPLE, RELEASES, Once, Project, Run, example
from tests.flagops.commands.flags.switching import (
    ANN,
    FLAG,
    OTHER,
    as_ann,
    at_once,
    by_key,
    change,
    feature,
    state,
    states,
    switch,
)

STOPPED = 3
Command = Callable[..., Result]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "left.json"


@pytest.fixture
def ff(server: Project, run: Run, notes: Path) -> Command:
    """`ff flags WORD CATALOGUE`, with notes in a file."""

    def command(word: str, path: Path = EXAMPLE, *options: str) -> Result:
        more = ("--yes",) if word == "apply" else ()
        return run("flags", word, str(path), "--url", server.url, "--notes", str(notes), *more, *options)

    return command


@pytest.fixture
def noted(server: Project, ff: Command, notes: Path, once: Once) -> Project:
    """A project that has the example, with notes of what its apply left."""
    once(server, lambda: ff("apply"), notes)
    assert ff("plan").exit_code == 0
    return server


TEXT = {"type": "unicode", "integer_value": None, "boolean_value": None}
GPU = "    enabled: true\n    targeting:\n      - {segment: premium_users"


def elsewhere(text: str) -> str:
    """The example with another flag switched off."""
    assert GPU in text
    return text.replace(GPU, GPU.replace("true", "false", 1), 1)


def following(text: str) -> str:
    """The example with the flag on in production too."""
    return in_production(text, "{enabled: true}")


def in_production(text: str, said: str) -> str:
    """The example with something else said of the flag in production."""
    return text.replace("production: {enabled: false}", f"production: {said}", 1)


def test_a_switch_by_hand_stops_its_flag_and_the_others_are_applied(
    noted: Project, ff: Command, tmp_path: Path
) -> None:
    switch(noted, on=True)
    path = example(tmp_path, elsewhere)
    done = ff("apply", path)
    assert done.exit_code == STOPPED, done.stderr
    assert f"! flag {FLAG}: left as it is" in done.stderr
    assert "production: is on, changed since the last apply" in done.stderr
    assert f"ff flags export --only {FLAG}" in done.stderr
    assert f"--take-back {FLAG}" in done.stderr
    assert state(noted)["enabled"] is True
    assert state(noted, OTHER)["enabled"] is False, "the other flag is applied"
    assert ff("plan", path).exit_code == STOPPED, "until somebody says so"


def test_who_and_when_are_the_audit_log_s(noted: Project, ff: Command) -> None:
    assert noted.double
    noted.double.database.shows_audit = True
    as_ann(noted)
    switch(noted, on=True)
    by_key(noted)
    done = ff("plan", EXAMPLE, "--json")
    assert done.exit_code == STOPPED
    (conflict,) = json.loads(done.stdout)["conflicts"]
    assert (conflict["kind"], conflict["name"], conflict["why"], conflict["who"]) == ("flag", FLAG, "changed", ANN)
    assert conflict["at"]
    assert conflict["change"]["before"] is True
    assert json.loads(done.stdout)["changes"] == []
    assert f"changed by {ANN} at 20" in ff("plan").stdout


def test_it_is_taken_back_by_name_alone(noted: Project, ff: Command) -> None:
    switch(noted, on=True)
    switch(noted, OTHER, on=False)
    done = ff("apply", EXAMPLE, "--take-back", FLAG)
    assert done.exit_code == STOPPED
    assert state(noted)["enabled"] is False
    assert state(noted, OTHER)["enabled"] is False
    assert ff("apply", EXAMPLE, "--take-back", OTHER).exit_code == 0
    assert ff("plan").exit_code == 0
    unknown = ff("plan", EXAMPLE, "--take-back", "nobody")
    assert unknown.exit_code == 1
    assert "There is no flag or segment 'nobody'" in unknown.stderr


def test_a_catalogue_that_follows_is_no_conflict_and_what_it_says_next_is_applied(
    noted: Project, ff: Command, tmp_path: Path
) -> None:
    switch(noted, on=True)
    followed = example(tmp_path, following)
    assert ff("apply", followed).exit_code == 0
    assert ff("apply", EXAMPLE).exit_code == 0, "off again, which nobody but the catalogue says"
    assert state(noted)["enabled"] is False


def test_there_and_back_is_no_conflict(noted: Project, ff: Command, tmp_path: Path) -> None:
    switch(noted, on=True)
    switch(noted, on=False)
    assert ff("apply", example(tmp_path, following)).exit_code == 0
    assert state(noted)["enabled"] is True


BY_HAND: dict[str, Callable[[Project], Any]] = {
    "a value": lambda server: change(
        server,
        OTHER,
        feature_state_value={**TEXT, "string_value": "slow"},
    ),
    "an override's switch": lambda server: override(server, enabled=False),
    "an override's end": lambda server: server.client.delete(
        f"/api/v1/features/feature-segments/{override_of(server)['feature_segment']}/"
    ),
    "the flag's end": lambda server: server.client.delete(
        f"/api/v1/projects/1/features/{feature(server, OTHER)['id']}/"
    ),
    "its description": lambda server: server.client.patch(
        f"/api/v1/projects/1/features/{feature(server, OTHER)['id']}/", {"description": "mine"}
    ),
    "its archiving": lambda server: server.client.patch(
        f"/api/v1/projects/1/features/{feature(server, OTHER)['id']}/", {"is_archived": True}
    ),
    "weights": lambda server: weigh(server),
    "a rollout's share": lambda server: share(server),
}
STOPS = {"weights": "dashboard_ab_test", "a rollout's share": "advanced_analytics_enabled"}


def override_of(server: Project) -> dict[str, Any]:
    (found,) = [row for row in states(server, OTHER) if row["feature_segment"]]
    return found


def override(server: Project, **fields: Any) -> None:
    row = override_of(server)
    server.client.put(f"/api/v1/features/featurestates/{row['id']}/", {**row, **fields})


def weigh(server: Project) -> None:
    own = state(server, "dashboard_ab_test")
    given = [{**item, "percentage_allocation": 0} for item in own["multivariate_feature_state_values"]]
    change(server, "dashboard_ab_test", multivariate_feature_state_values=given)


def share(server: Project, percent: str = "0") -> None:
    name = "advanced_analytics_enabled.production"
    (row,) = [row for row in server.client.pages("/api/v1/projects/1/segments/") if row["name"] == name]
    condition = {"property": None, "operator": "PERCENTAGE_SPLIT", "value": percent}
    rules = [{"type": "ALL", "rules": [{"type": "ALL", "rules": [], "conditions": [condition]}], "conditions": []}]
    server.client.patch(
        f"/api/v1/projects/1/segments/{row['id']}/", {"rules": rules, "description": row["description"]}
    )


@pytest.mark.parametrize("what", BY_HAND)
def test_whatever_is_changed_by_hand_stays(noted: Project, ff: Command, what: str) -> None:
    BY_HAND[what](noted)
    name = STOPS.get(what, OTHER)
    planned = ff("plan", EXAMPLE, "--json")
    assert planned.exit_code == STOPPED, planned.stdout
    assert {item["name"] for item in json.loads(planned.stdout)["conflicts"]} == {name}
    assert ff("apply").exit_code == STOPPED
    assert ff("apply", EXAMPLE, "--take-back", name).exit_code == 0
    assert ff("plan").exit_code == 0


def test_users_own_overrides_are_nobody_s_business(noted: Project, ff: Command) -> None:
    key = noted.environments()["production"]
    user = noted.client.post(f"/api/v1/environments/{key}/identities/", {"identifier": "ann"})
    body = {"feature": feature(noted)["id"], "enabled": True, "feature_state_value": None}
    noted.client.post(f"/api/v1/environments/{key}/identities/{user['id']}/featurestates/", body)
    assert ff("plan").exit_code == 0


def test_a_switch_between_a_plan_and_its_apply_stops_that_flag_alone(
    noted: Project, ff: Command, tmp_path: Path, run: Run, notes: Path
) -> None:
    path = example(tmp_path, lambda text: following(elsewhere(text)))
    kept = tmp_path / "plan.json"
    assert ff("plan", path, "--out", str(kept)).exit_code == 2
    change(noted, feature_state_value={**TEXT, "string_value": "x"})  # fmt: skip
    done = run("flags", "apply", str(kept), "--url", noted.url, "--notes", str(notes), "--yes", "--json")
    assert done.exit_code == STOPPED, done.stderr
    assert json.loads(done.stdout)["stopped"] == [FLAG]
    assert state(noted)["enabled"] is False
    assert state(noted, OTHER)["enabled"] is False


def test_a_plan_keeps_what_is_taken_back(noted: Project, ff: Command, tmp_path: Path) -> None:
    switch(noted, on=True)
    kept = tmp_path / "plan.json"
    assert ff("plan", EXAMPLE, "--out", str(kept), "--take-back", FLAG).exit_code == 2
    assert ff("apply", kept).exit_code == 0
    assert state(noted)["enabled"] is False


@pytest.mark.parametrize("when", ["killed", "stopped"])
@pytest.mark.parametrize("written", [True, False])
def test_what_an_apply_left_half_done_is_its_own_or_cannot_be_told(
    noted: Project, ff: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str, written: bool
) -> None:
    path = example(tmp_path, lambda text: following(elsewhere(text)))
    write = AtOnce.write

    def fail(self: AtOnce, *arguments: Any) -> None:
        if written:
            write(self, *arguments)
        if when == "killed":
            raise KeyboardInterrupt
        raise FlagsmithError("no", 400)

    with monkeypatch.context() as patched:
        patched.setattr(AtOnce, "write", fail)
        if when == "killed":  # nothing of what comes after is done
            patched.setattr(Journal, "end", lambda *_, **__: None)
        assert ff("apply", path).exit_code == (130 if when == "killed" else 1)
    done = ff("apply", path)
    if when == "killed" and not written:
        # It is as if somebody had taken back what the run wrote: without an audit log nobody can tell.
        assert done.exit_code == STOPPED
        assert "who did that cannot be told" in done.stderr
        done = ff("apply", path, "--take-back", FLAG, "--take-back", OTHER)
    assert done.exit_code == 0, done.stdout + done.stderr
    assert state(noted)["enabled"] is True
    assert ff("plan", path).exit_code == 0


def test_a_switch_after_a_run_that_was_stopped_is_seen(
    noted: Project, ff: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = example(tmp_path, lambda text: following(elsewhere(text)))
    write, step, noted_one = AtOnce.write, Journal.step, Event()

    def fail_elsewhere(self: AtOnce, found: Any, wanted: Any, *rest: Any) -> bool:
        if wanted.name == FLAG:
            return write(self, found, wanted, *rest)
        noted_one.wait(20)
        raise FlagsmithError("no", 400)

    def tell(self: Journal, done: Any) -> None:
        step(self, done)
        noted_one.set()

    with monkeypatch.context() as patched:
        patched.setattr(AtOnce, "write", fail_elsewhere)
        patched.setattr(Journal, "step", tell)
        assert ff("apply", path).exit_code == 1
    assert state(noted)["enabled"] is True, "it was written before the run ended"
    switch(noted, on=False)
    assert {item["name"] for item in json.loads(ff("plan", path, "--json").stdout)["conflicts"]} == {FLAG}


def test_another_database_is_no_deletion(noted: Project, ff: Command, notes: Path) -> None:
    kept = json.loads(notes.read_text(encoding="utf-8"))
    kept["environments"] = dict.fromkeys(kept["environments"], "another")
    notes.write_text(json.dumps(kept), encoding="utf-8")
    for name in (FLAG, OTHER):
        noted.client.delete(f"/api/v1/projects/1/features/{feature(noted, name)['id']}/")
    assert ff("apply").exit_code == 0
    assert ff("plan").exit_code == 0


def test_a_new_environment_and_a_new_flag_are_nobody_s(noted: Project, ff: Command, tmp_path: Path) -> None:
    def more(text: str) -> str:
        text = text.replace("[development, staging, production]", "[development, staging, production, canary]")
        flag = "fresh:\n    description: New.\n    owner: us\n    kind: ops\n    enabled: true\n"
        return text.replace("\nflags:\n", f"\nflags:\n  {flag}\n", 1)

    path = example(tmp_path, more)
    done = ff("apply", path)
    assert done.exit_code == 0, done.stderr
    assert state(noted, "fresh", "canary")["enabled"] is True
    assert ff("plan", path).exit_code == 0


def test_where_nothing_tells_no_switch_is_undone(applied: Project, run: Run, tmp_path: Path) -> None:
    switch(applied, on=True)
    path = example(tmp_path, lambda text: elsewhere(text).replace("everyone: 25", "everyone: 35"))
    arguments = ("flags", "apply", str(path), "--url", applied.url, "--yes")
    done = run(*arguments)
    assert done.exit_code == STOPPED
    assert "who did that cannot be told" in done.stderr
    assert state(applied)["enabled"] is True
    assert "rules 25 % → 35 %" in done.stderr, "what is no switch is applied"
    assert run(*arguments, "--take-back", FLAG, "--take-back", OTHER).exit_code == 0
    assert state(applied)["enabled"] is False


def test_a_switch_that_leaves_no_trace_is_not_undone_where_nothing_tells(applied: Project, run: Run) -> None:
    """Newer releases change a state in place, and do not write when."""
    at_once(applied, {"environment_default": {"enabled": True}})
    at_once(applied, {"environment_default": {"enabled": False}}, OTHER)
    for row in (state(applied), state(applied, OTHER)):
        made, changed = (datetime.fromisoformat(row[name]) for name in ("created_at", "updated_at"))
        assert abs(changed - made) < timedelta(milliseconds=50), "as if nobody had been there"
    arguments = ("flags", "apply", str(EXAMPLE), "--url", applied.url, "--yes")
    done = run(*arguments)
    assert done.exit_code == STOPPED, done.stderr
    assert "who did that cannot be told" in done.stderr
    assert state(applied)["enabled"] is True
    assert state(applied, OTHER)["enabled"] is False
    assert run(*arguments, "--take-back", FLAG, "--take-back", OTHER).exit_code == 0


def test_an_older_release_tells_what_nobody_touched(server: Project, run: Run) -> None:
    assert server.double
    server.double.version = RELEASES[1]
    server.client.post("/api/v1/projects/1/features/", {"name": FLAG})
    done = run("flags", "apply", str(EXAMPLE), "--url", server.url, "--yes")
    assert done.exit_code == 0, done.stderr
    assert state(server, environment="staging")["enabled"] is True


def test_a_flag_of_people_is_not_switched_where_nothing_tells_of_it(server: Project, run: Run) -> None:
    server.client.post("/api/v1/projects/1/features/", {"name": FLAG})
    done = run("flags", "apply", str(EXAMPLE), "--url", server.url, "--yes")
    assert done.exit_code == STOPPED, done.stderr
    assert state(server, environment="staging")["enabled"] is False
    assert state(server, OTHER)["enabled"] is True, "the others are applied"


def test_an_environment_that_people_made_gets_what_the_catalogue_says_by_the_notes(
    noted: Project, ff: Command, tmp_path: Path
) -> None:
    """No apply was there, and all is off there as it was made; what somebody switched on there stays."""
    noted.client.post("/api/v1/environments/", {"name": "canary", "project": 1})
    at_once(noted, {"environment_default": {"enabled": True}}, FLAG, "canary")
    before = "[development, staging, production]"

    def more(text: str) -> str:
        return text.replace(before, before.replace("]", ", canary]")).replace(
            "production: {enabled: false}", "production: {enabled: false}\n      canary: {enabled: false}", 1
        )

    done = ff("apply", example(tmp_path, more))
    assert done.exit_code == STOPPED, done.stderr
    assert state(noted, FLAG, "canary")["enabled"] is True
    assert state(noted, OTHER, "canary")["enabled"] is True


def test_with_the_log_alone_one_key_is_not_told_from_another(applied: Project, run: Run, tmp_path: Path) -> None:
    """An API does not show which key it was: so what a key did may be `ff flags set` of somebody on call."""
    assert applied.double
    applied.double.database.shows_audit = True
    by_key(applied)
    switch(applied, OTHER, on=True)
    as_ann(applied)
    switch(applied, on=True)
    path = example(tmp_path, elsewhere)
    done = run("flags", "apply", str(path), "--url", applied.url, "--yes")
    assert done.exit_code == STOPPED, done.stderr
    assert f"changed by {ANN}" in done.stderr
    assert "who did that cannot be told" in done.stderr
    assert state(applied)["enabled"] is True
    assert state(applied, OTHER)["enabled"] is True


def test_a_log_that_shows_nothing_of_a_flag_tells_nothing(applied: Project, run: Run) -> None:
    """It is shown for some days only, or is longer than what is read of it."""
    assert applied.double
    switch(applied, on=True)
    data = applied.double.database
    data.shows_audit = True
    data.tables["audit"].clear()
    switch(applied, OTHER, on=True)
    done = run("flags", "plan", str(EXAMPLE), "--url", applied.url)
    assert done.exit_code == STOPPED
    assert "who did that cannot be told" in done.stdout


def test_what_is_left_to_people_is_never_switched(server: Project, run: Run, tmp_path: Path) -> None:
    path = example(tmp_path, lambda text: in_production(text, "{state: ui}"))
    arguments = ("--url", server.url, "--notes", str(tmp_path / "left.json"))
    assert run("flags", "apply", str(path), "--yes", *arguments).exit_code == 0
    switch(server, on=True)
    planned = run("flags", "plan", str(path), *arguments)
    assert planned.exit_code == 0
    assert f"flag {FLAG}: people switch it in production (state: ui)" in planned.stdout
    path.write_text(
        path.read_text(encoding="utf-8").replace("{state: ui}", "{state: ui, value: other}"), encoding="utf-8"
    )
    assert run("flags", "apply", str(path), "--yes", *arguments).exit_code == 0
    assert state(server)["enabled"] is True, "its value is the catalogue's, and is written without the switch"
    assert state(server)["feature_state_value"]["string_value"] == "other"
    path.write_text(path.read_text(encoding="utf-8").replace("state: ui, ", ""), encoding="utf-8")
    assert run("flags", "apply", str(path), "--yes", *arguments).exit_code == STOPPED, (
        "a switch is not undone by a merge"
    )


def test_notes_hold_no_values_and_another_file_is_refused(
    noted: Project, notes: Path, tmp_path: Path, run: Run
) -> None:
    text = notes.read_text(encoding="utf-8")
    assert "new_dashboard_v2" not in text
    assert noted.environments()["production"] not in text
    other = tmp_path / "mine.json"
    other.write_text("{}", encoding="utf-8")
    done = run("flags", "plan", str(EXAMPLE), "--url", noted.url, "--notes", str(other))
    assert done.exit_code == 1
    assert "is not a file of `ff flags apply --notes`" in done.stderr
    assert other.read_text(encoding="utf-8") == "{}"


@pytest.mark.usefixtures("noted")
def test_notes_are_read_back_as_they_were(notes: Path) -> None:
    kept = kept_notes.FileStore(notes).load()
    assert kept
    assert left.Left.from_json(json.loads(json.dumps(kept.as_json()))) == kept
    assert not kept.pending
