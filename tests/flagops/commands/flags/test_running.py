"""A rollout that runs: an apply brings its steps and leaves its share; a runner goes on; no hand is undone."""

from typing import Any

import pytest

from components.rollouts.in_pod.project import Rollouts
from flagops.flagsmith_api.client import FlagsmithError
from tests.flagops.commands.flags.rolling import CATALOGUE, FLAG, Rolling
from tests.flagops.commands.flags.switching import states, switch


def test_it_comes_to_its_end_step_by_step_and_applies_leave_it_alone(rolling: Rolling) -> None:
    for share, hours in ((5, 6), (50, 24), (100, 0)):
        said = rolling.turn()
        assert (said.is_written, said.found.live.share < share) == (True, True)
        assert Rollouts(rolling.server.client, 1).all()[0].live.share == share
        assert rolling.turn().decision.action == "wait"
        planned = rolling.ff("plan")
        assert planned.exit_code == 0, planned.stdout
        if hours:
            rolling.pass_by(hours)
    assert rolling.turn().decision.why == "is done"
    number = rolling.segment()["id"]
    # The rollout leaves the catalogue, and the flag is on for all: nobody's hand was there.
    done = rolling.apply(CATALOGUE[: CATALOGUE.index("    enabled")] + "    enabled: true\n")
    assert done.exit_code == 0, done.stderr
    assert [row["enabled"] for row in states(rolling.server, FLAG)] == [True]
    assert Rollouts(rolling.server.client, 1).all() == [] or rolling.turn().decision.action == "wait"
    assert rolling.segment()["id"] == number


def test_steps_that_change_while_it_runs_are_brought_by_an_apply_with_what_is_remembered(rolling: Rolling) -> None:
    rolling.turn()
    before = Rollouts(rolling.server.client, 1).all()[0]
    rolling.path.write_text(CATALOGUE.replace("{to: 50, for: 1d}, ", "{to: 20, for: 1d}, "), encoding="utf-8")
    planned = rolling.ff("plan")
    assert planned.exit_code == 2
    assert "5 % for 6h, 20 % for 1d, 100 %" in planned.stdout
    assert rolling.ff("apply", "--yes").exit_code == 0
    after = Rollouts(rolling.server.client, 1).all()[0]
    assert (after.live.share, after.description.memory) == (5, before.description.memory)
    rolling.pass_by(6)
    assert rolling.turn().decision.share == 20


@pytest.mark.parametrize("how", ["share", "switch", "override", "conditions"])
def test_somebody_s_change_pauses_it_and_stays(rolling: Rolling, how: str) -> None:
    rolling.turn()
    client, row = rolling.server.client, rolling.segment()
    if how in ("share", "conditions"):
        (condition,) = row["rules"][0]["rules"][0]["conditions"]
        more = {"operator": "EQUAL", "property": "plan", "value": "x"}
        row["rules"][0]["rules"][0]["conditions"] = (
            [{**condition, "value": "0"}] if how == "share" else [condition, more]
        )
        client.patch(f"/api/v1/projects/1/segments/{row['id']}/", row)
    elif how == "switch":
        switch(rolling.server, FLAG, on=True)
    else:
        (state,) = [item for item in states(rolling.server, FLAG) if item["feature_segment"]]
        client.put(f"/api/v1/features/featurestates/{state['id']}/", {**state, "enabled": False})
    said = rolling.turn()
    assert said.decision.memory is not None
    assert (said.decision.action, said.decision.memory.stage, said.decision.memory.cause) == ("note", "paused", "hand")
    rolling.pass_by(100)
    again = rolling.turn()
    assert again.decision.action == "wait"
    assert again.found.live.share == (0 if how == "share" else 5)


def test_a_hold_keeps_it_away_and_nothing_is_written(rolling: Rolling) -> None:
    client = rolling.server.client
    tag = client.post("/api/v1/projects/1/tags/", {"label": "ff-hold-until-2099-01-01", "color": "#fff"})
    (feature,) = client.pages("/api/v1/projects/1/features/")
    client.patch(f"/api/v1/projects/1/features/{feature['id']}/", {"tags": [*feature["tags"], tag["id"]]})
    before = rolling.segment()
    assert rolling.turn().decision.why == "the flag is held by its tag ff-hold-until-2099-01-01"
    assert rolling.segment() == before


def test_a_write_that_fails_is_decided_anew_and_one_whose_answer_is_lost_is_not_done_twice(
    rolling: Rolling, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, patch = rolling.server.client, rolling.server.client.patch

    def refused(*_: object) -> Any:
        raise FlagsmithError("status 500", 500)

    def unheard(path: str, body: object) -> Any:
        patch(path, body)
        raise FlagsmithError("no answer")

    monkeypatch.setattr(client, "patch", refused)
    assert rolling.turn().problem == "status 500"
    monkeypatch.setattr(client, "patch", unheard)
    assert rolling.turn().problem == "no answer"
    monkeypatch.setattr(client, "patch", patch)
    said = rolling.turn()
    assert (said.decision.action, said.found.live.share) == ("wait", 5)


def test_a_segment_that_changes_in_between_is_left_for_the_next_turn(
    rolling: Rolling, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, get = rolling.server.client, rolling.server.client.get

    def changing(path: str, *more: Any, **named: Any) -> Any:
        found = get(path, *more, **named)
        return {**found, "description": "Another one."} if "/segments/" in path and "results" not in found else found

    monkeypatch.setattr(client, "get", changing)
    assert rolling.turn().problem == "somebody changed its segment meanwhile"
    monkeypatch.setattr(client, "get", get)
    assert rolling.turn().is_written


def test_what_cannot_be_read_is_named_and_stops_nothing_else(rolling: Rolling) -> None:
    row = rolling.segment()
    text = row["description"].replace('"format":1', '"format":7')
    rolling.server.client.patch(f"/api/v1/projects/1/segments/{row['id']}/", {**row, "description": text})
    said = rolling.turn()
    assert (said.decision.action, rolling.segment()["description"]) == ("wait", text)
    assert said.decision.why.endswith("it is of another release of ff")
    assert said.decision.warns
    assert Rollouts(rolling.server.client, 1).all()[0].live.gone.endswith("it is of another release of ff")


def test_steps_that_somebody_edited_by_hand_are_a_conflict_and_stay(rolling: Rolling) -> None:
    row = rolling.segment()
    text = row["description"].replace("[5.0,21600.0]", "[95.0,21600.0]")
    assert text != row["description"]
    rolling.server.client.patch(f"/api/v1/projects/1/segments/{row['id']}/", {**row, "description": text})
    done = rolling.ff("apply", "--yes")
    assert done.exit_code == 3, done.stderr
    assert rolling.segment()["description"] == text
    assert rolling.ff("apply", "--yes", "--take-back", FLAG).exit_code == 0
    assert rolling.segment()["description"] == row["description"]
