"""What `ff flags set` does to others, what it takes for seen, and what it says of what it could not do."""

import json
from typing import Any

import pytest

from flagops.commands.flags.server.rows import typed as typed_value
from flagops.commands.flags.switch import served
from flagops.commands.flags.switch.wanted import Wanted
from flagops.commands.flags.switch.write import FlagSwitch
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.served import ServedFlag
from tests.flagops.commands.flags.support import RELEASES, Project, Run
from tests.flagops.commands.flags.switching import (
    FLAG,
    ROLLOUT,
    change,
    feature,
    is_served,
    set_flag,
    state,
    states,
    tags,
)


def override(server: Project, user: str, name: str = FLAG, value: object = None) -> None:
    """Give one user the flag by an override in production."""
    key = server.environments()["production"]
    row = server.client.post(f"/api/v1/environments/{key}/identities/", {"identifier": user})
    body = {"feature": feature(server, name)["id"], "enabled": True, "feature_state_value": value}
    server.client.post(f"/api/v1/environments/{key}/identities/{row['id']}/featurestates/", body)


def users(server: Project, name: str = FLAG) -> list[tuple[bool, Any]]:
    return [(row["enabled"], row["feature_state_value"]) for row in states(server, name) if row["identity"]]


@pytest.mark.parametrize("versioned", [False, True], ids=["", "versioned"])
def test_off_is_off_for_single_users_too(applied: Project, run: Run, *, versioned: bool) -> None:
    if versioned:
        key = applied.environments()["production"]
        applied.client.post(f"/api/v1/environments/{key}/enable-v2-versioning/", {})
    override(applied, "ann", value="hers")
    override(applied, "ben")
    assert is_served(applied, FLAG, user="ann")
    done = set_flag(run, applied, FLAG, "--off", "-e", "production", "--json")
    assert done.exit_code == 0, done.stderr
    (said,) = json.loads(done.stdout)["environments"]
    assert (said["changed"], said["users"]) == (2, 0)
    assert [on for on, _ in users(applied)] == [False, False]
    assert "hers" in [value["string_value"] for _, value in users(applied)], "their values stay"
    assert not is_served(applied, FLAG, user="ann")


def test_who_has_it_otherwise_is_said_with_the_way_to_end_it(applied: Project, run: Run) -> None:
    override(applied, "ann")
    done = set_flag(run, applied, FLAG, "--off", "-e", "production", "--keep-users")
    assert done.exit_code == 0, done.stderr
    said = "1 users have another state or value, by overrides of their own. To end that: the same without --keep-users."
    assert said in done.stderr
    assert is_served(applied, FLAG, user="ann")
    done = set_flag(run, applied, ROLLOUT, "--on", "-e", "production")
    assert "1 segments have another state or value, by overrides." in done.stderr


@pytest.mark.usefixtures("each_release")
def test_no_half_of_a_switch_is_served_where_one_request_is_enough(
    applied: Project, run: Run, each_release: str
) -> None:
    assert applied.double
    applied.double.forget()
    done = set_flag(run, applied, ROLLOUT, "--off", "-e", "production")
    assert done.exit_code == 0, done.stderr
    writes = [(method, path) for method, path in applied.double.requests if method in ("PUT", "PATCH", "POST")]
    at_once = [path for method, path in writes if method == "PATCH" and "/api/__future__/" in path]
    assert (len(at_once), len(writes)) == ((1, 1) if each_release == RELEASES[0] else (0, len(writes)))
    assert len(writes) > 1 or at_once


def test_all_are_written_before_any_is_read_back(applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """One slow cache leaves no other environment unswitched."""
    assert applied.double
    monkeypatch.setattr(served, "SECONDS", 0.3)
    for place in ("development", "staging"):
        change(applied, enabled=False, environment=place)
        with applied.sdk(place, local=False) as sdk:
            sdk.get_environment_flags()
    applied.double.stale = True
    done = set_flag(run, applied, FLAG, "--on", "-e", "all", "--json")
    assert done.exit_code == 1
    assert state(applied)["enabled"] is True
    assert "written and not seen in development, staging; done in production" in done.stderr
    problems = {item["environment"]: item["problem"] for item in json.loads(done.stdout)["environments"]}
    assert problems["production"] is None
    assert "goes on serving" in problems["development"]


def test_one_environment_that_fails_stops_no_other(applied: Project, run: Run) -> None:
    assert applied.double
    number = state(applied, environment="staging")["id"]
    for place in ("development", "staging", "production"):
        change(applied, enabled=False, environment=place)
    applied.double.failing[f"/api/v1/features/featurestates/{number}/"] = 400
    done = set_flag(run, applied, FLAG, "--on", "-e", "all", "--hold", "1h", "--json")
    assert done.exit_code == 1
    assert f"{FLAG} is not switched in staging; done in development, production." in done.stderr
    assert "staging: NOT switched." in done.stderr
    said = json.loads(done.stdout)
    assert said["hold"] in tags(applied)
    assert [item["changed"] for item in said["environments"]] == [1, 0, 1]
    applied.double.failing.clear()
    assert set_flag(run, applied, FLAG, "--on", "-e", "all").exit_code == 0


def test_a_switch_that_fails_in_between_is_not_told_as_none(applied: Project, run: Run) -> None:
    assert applied.double
    change(applied, enabled=True)
    override(applied, "ann")
    key = applied.environments()["production"]
    applied.double.failing[f"/api/v1/environments/{key}/identities/"] = 403
    done = set_flag(run, applied, FLAG, "--off", "-e", "production", "--hold", "1h", "--json")
    assert done.exit_code == 1
    assert "NOT switched" not in done.stderr
    assert "production: written in part." in done.stderr
    assert "1 users have another state or value" in done.stderr
    assert f"{FLAG} is written in part in production." in done.stderr
    assert json.loads(done.stdout)["hold"] in tags(applied), "what is switched for nearly all is held"
    assert state(applied)["enabled"] is False


def test_a_flag_that_is_missing_from_what_is_served_was_not_seen(
    applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert applied.double
    monkeypatch.setattr(served, "SECONDS", 0.3)
    monkeypatch.setattr("flagops.flagsmith_api.served.flags", lambda *_: [])
    done = set_flag(run, applied, FLAG, "--on", "-e", "production")
    assert done.exit_code == 1
    assert "it is not among what is served" in done.stderr
    applied.client.patch("/api/v1/projects/1/", {"hide_disabled_flags": True})
    assert set_flag(run, applied, FLAG, "--on", "-e", "production").exit_code == 1
    done = set_flag(run, applied, FLAG, "--off", "-e", "production")
    assert done.exit_code == 0, "hidden is off"
    assert "served after" in done.stderr


def test_a_flag_for_servers_alone_is_read_back_with_its_value(
    applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag = feature(applied)
    applied.client.patch(f"/api/v1/projects/1/features/{flag['id']}/", {"is_server_key_only": True})
    done = set_flag(run, applied, FLAG, "--value", "slow", "-e", "production")
    assert done.exit_code == 0, done.stderr
    assert "clients do not get it, so nothing shows it" in done.stderr
    write = FlagSwitch.write

    def undone(self: FlagSwitch, wanted: Wanted, reason: str) -> object:
        found = write(self, wanted, reason)
        own = state(applied)
        change(applied, feature_state_value={**own["feature_state_value"], "string_value": "fast"})
        return found

    monkeypatch.setattr(FlagSwitch, "write", undone)
    done = set_flag(run, applied, FLAG, "--value", "slower", "-e", "production")
    assert done.exit_code == 1
    assert f"production no longer has {FLAG} as it was written" in done.stderr


@pytest.mark.parametrize(
    ("before", "typed", "said"),
    [
        ("20", "30", "is a text in production; this value is a whole number."),
        ("yes", "true", "is a text in production; this value is true or false."),
        (20, "thirty", "is a whole number in production; this value is a text."),
        (True, "1", "is true or false in production; this value is a whole number."),
    ],
)
def test_a_value_does_not_become_one_of_another_kind_unasked(
    applied: Project, run: Run, before: Any, typed: str, said: str
) -> None:
    change(applied, feature_state_value=typed_value(before))
    done = set_flag(run, applied, FLAG, "--value", typed, "-e", "production")
    assert done.exit_code == 1
    assert said in done.stderr
    assert state(applied)["feature_state_value"] == typed_value(before), "nothing is written"
    if isinstance(before, str):
        as_text = f"--value '\"{typed}\"'"
        assert as_text in done.stderr
        assert set_flag(run, applied, FLAG, "--value", f'"{typed}"', "-e", "production").exit_code == 0
        assert state(applied)["feature_state_value"] == typed_value(typed)
    assert set_flag(run, applied, FLAG, "--value", typed, "-e", "production", "--change-type").exit_code == 0


def test_true_that_is_served_is_no_1(applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "SECONDS", 0.3)
    shown = ServedFlag(FLAG, enabled=False, value=True, kind="STANDARD")
    monkeypatch.setattr("flagops.flagsmith_api.served.flags", lambda *_: [shown])
    assert set_flag(run, applied, FLAG, "--value", "1", "-e", "production").exit_code == 1


def test_an_override_whose_segment_is_not_known_is_not_published_as_the_default(
    applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert applied.double
    key = applied.environments()["production"]
    applied.client.post(f"/api/v1/environments/{key}/enable-v2-versioning/", {})
    before = states(applied, ROLLOUT)
    pages = FlagsmithClient.pages

    def without(self: FlagsmithClient, path: str, params: Any = None) -> Any:
        return iter(()) if "feature-segments" in path else pages(self, path, params)

    monkeypatch.setattr(FlagsmithClient, "pages", without)
    done = set_flag(run, applied, ROLLOUT, "--off", "-e", "production")
    assert done.exit_code == 1
    assert "Somebody changed the overrides of the flag in production at the same time" in done.stderr
    monkeypatch.undo()
    assert states(applied, ROLLOUT) == before
