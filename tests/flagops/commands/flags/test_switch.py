"""`ff flags set` and `release`: by name, at once, seen as it is served, and held against every apply."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flagops.commands.flags.history import applies
from flagops.commands.flags.reconcile import holds
from flagops.commands.flags.switch import served
from tests.flagops.commands.flags.support import EXAMPLE, Project, Run, example
from tests.flagops.commands.flags.switching import (
    FLAG,
    OTHER,
    ROLLOUT,
    change,
    feature,
    is_served,
    set_flag,
    state,
    states,
    switch,
    tags,
)

STOPPED = 3


def test_it_is_switched_by_name_and_seen_as_it_is_served(applied: Project, run: Run, tmp_path: Path) -> None:
    record = tmp_path / "set.jsonl"
    done = set_flag(run, applied, FLAG, "--on", "-e", "production", "--record", str(record), "--json")
    assert done.exit_code == 0, done.stderr
    assert is_served(applied, FLAG)
    (said,) = json.loads(done.stdout)["environments"]
    assert (said["environment"], said["changed"]) == ("production", 1)
    assert re.search(rf"production: {FLAG} is on, served after \d+\.\d s\.", done.stderr)
    assert "SDKs that evaluate locally see it at their next refresh" in done.stderr
    (kept,) = applies.of_file(record)
    assert kept.reason == "matches are late"
    assert state(applied, FLAG, "development")["enabled"] is False, "elsewhere it stays"


def test_off_is_off_for_segments_and_rollouts_too(applied: Project, run: Run) -> None:
    assert is_served(applied, OTHER, user="ann")
    for name in (OTHER, ROLLOUT):
        assert set_flag(run, applied, name, "--off", "-e", "production").exit_code == 0
        assert not any(row["enabled"] for row in states(applied, name))
        assert not is_served(applied, name, user="ann")


@pytest.mark.parametrize(("typed", "kept"), [("slow", "slow"), ("12", 12), ("true", True), ("012", "012")])
def test_a_value_is_what_was_typed(applied: Project, run: Run, typed: str, kept: object) -> None:
    done = set_flag(run, applied, OTHER, "--value", typed, "-e", "all", "--change-type")
    assert done.exit_code == 0, done.stderr
    for environment in ("development", "staging", "production"):
        value = state(applied, OTHER, environment)["feature_state_value"]
        assert kept in (value["string_value"], value["integer_value"], value["boolean_value"])
        assert state(applied, OTHER, environment)["enabled"] is True


def test_an_environment_with_versions_keeps_the_reason_in_one(applied: Project, run: Run) -> None:
    assert applied.double
    key = applied.environments()["production"]
    applied.client.post(f"/api/v1/environments/{key}/enable-v2-versioning/", {})
    applied.double.forget()
    done = set_flag(run, applied, ROLLOUT, "--off", "-e", "production")
    assert done.exit_code == 0, done.stderr
    assert "The reason is kept in the flag's version." in done.stderr
    assert not any(row["enabled"] for row in states(applied, ROLLOUT))
    made = [path for method, path in applied.double.requests if method == "POST" and path.endswith("/versions/")]
    assert len(made) == 1


def test_no_apply_undoes_it(applied: Project, run: Run) -> None:
    assert set_flag(run, applied, FLAG, "--on", "-e", "production").exit_code == 0
    assert run("flags", "apply", str(EXAMPLE), "--url", applied.url, "--yes").exit_code == STOPPED
    assert state(applied)["enabled"] is True


def test_a_hold_keeps_every_apply_away_until_it_ends(
    applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = set_flag(run, applied, FLAG, "--on", "-e", "production", "--hold", "24h", "--json")
    assert done.exit_code == 0, done.stderr
    tag = json.loads(done.stdout)["hold"]
    assert tag in tags(applied)
    end = holds.end_of(tag)
    assert end
    assert timedelta(hours=24) <= end - datetime.now(UTC) <= timedelta(hours=24, minutes=2)
    arguments = ("flags", "apply", str(EXAMPLE), "--url", applied.url, "--yes")
    held = run(*arguments, "--json")
    assert held.exit_code == 0, "a hold is no conflict"
    assert json.loads(held.stdout)["held"] == [FLAG]
    assert (
        f"flag {FLAG} is held until {end:%Y-%m-%d %H:%M} UTC: {FLAG} on in production: matches are late" in held.stderr
    )
    assert state(applied)["enabled"] is True
    assert run(*arguments, "--take-back", FLAG).exit_code == 1, "a hold ends by name"
    monkeypatch.setattr("flagops.flagsmith_api.client.FlagsmithClient.now", lambda _: end + timedelta(seconds=1))
    over = run(*arguments)
    assert over.exit_code == STOPPED, "then it is a change by somebody, as any other"
    assert f"hold of {FLAG} updated: it has ended; the tag {tag} goes" in over.stderr
    assert tag not in tags(applied)
    assert tag not in [row["label"] for row in applied.client.pages("/api/v1/projects/1/tags/")]
    assert state(applied)["enabled"] is True
    assert run(*arguments, "--take-back", FLAG).exit_code == 0
    assert state(applied)["enabled"] is False


def test_a_hold_is_released_by_name(applied: Project, run: Run) -> None:
    set_flag(run, applied, FLAG, "--on", "-e", "production", "--hold", "2d")
    set_flag(run, applied, OTHER, "--off", "-e", "production", "--hold", "2d")
    assert len({tag for name in (FLAG, OTHER) for tag in tags(applied, name) if holds.is_hold(tag)}) == 2
    done = run("flags", "release", FLAG, "--url", applied.url)
    assert done.exit_code == 0, done.stderr
    assert not any(map(holds.is_hold, tags(applied)))
    assert any(map(holds.is_hold, tags(applied, OTHER))), "another flag's hold stays"
    assert "is not held" in run("flags", "release", FLAG, "--url", applied.url).stderr


def test_a_hold_ends_no_longer_one_and_says_so(applied: Project, run: Run) -> None:
    set_flag(run, applied, FLAG, "--on", "-e", "production", "--hold", "2d")
    (longer,) = filter(holds.is_hold, tags(applied))
    done = set_flag(run, applied, FLAG, "--off", "-e", "production", "--hold", "1h")
    assert f"It is held longer by others, and stays so: {longer}." in done.stderr
    assert longer in tags(applied)
    assert len(list(filter(holds.is_hold, tags(applied)))) == 2, "each has its own reason"


def test_a_second_hold_takes_the_place_of_one_that_ends_before(applied: Project, run: Run) -> None:
    set_flag(run, applied, FLAG, "--on", "-e", "production", "--hold", "10m")
    done = set_flag(run, applied, FLAG, "--off", "-e", "production", "--hold", "1h")
    assert "held longer" not in done.stderr
    (tag,) = filter(holds.is_hold, tags(applied))
    end = holds.end_of(tag)
    assert end
    assert end - datetime.now(UTC) < timedelta(hours=2)


@pytest.mark.parametrize(
    ("tag", "end"),
    [
        ("ff-hold-until-2027-01-31T18:00Z", datetime(2027, 1, 31, 18, 0, tzinfo=UTC)),
        ("ff-hold-until-2027-01-31", datetime(2027, 2, 1, tzinfo=UTC)),
        ("ff-hold-until-friday", None),
        ("ff-hold-until-9999-12-31", None),
    ],
)
def test_people_can_write_such_a_tag_too(applied: Project, run: Run, tag: str, end: datetime | None) -> None:
    assert holds.end_of(tag) == end
    row = applied.client.post("/api/v1/projects/1/tags/", {"label": tag, "color": "#fff"})
    flag = feature(applied)
    applied.client.patch(f"/api/v1/projects/1/features/{flag['id']}/", {"tags": [*flag["tags"], row["id"]]})
    switch(applied, on=True)
    done = run("flags", "apply", str(EXAMPLE), "--url", applied.url, "--yes")
    assert done.exit_code == 0, done.stderr
    assert f"flag {FLAG} is held" in done.stderr
    assert state(applied)["enabled"] is True


def test_what_is_not_served_is_no_good_news(applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert applied.double
    monkeypatch.setattr(served, "SECONDS", 0.3)
    with applied.sdk("production", local=False) as sdk:
        sdk.get_environment_flags()
    applied.double.stale = True
    done = set_flag(run, applied, FLAG, "--on", "-e", "production")
    assert done.exit_code == 1
    assert f"production goes on serving {FLAG} as it was after 0.3 s" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((FLAG, "--off"), "Which environment?"),
        ((FLAG, "-e", "production"), "What should the flag be?"),
        ((FLAG, "--off", "-e", "production", "--reason", " "), "The reason is missing"),
        ((FLAG, "--off", "-e", "nowhere"), "There is no environment 'nowhere'"),
        (("ml_model", "--off", "-e", "production"), f"Do you mean one of: {FLAG}?"),
        ((FLAG, "--off", "-e", "production", "--hold", "soon"), "--hold 'soon' must be a number of s, m, h or d"),
        ((FLAG, "--off", "-e", "production", "--hold", "0"), "--hold 0 holds nothing"),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_is_changed(
    applied: Project, run: Run, arguments: tuple[str, ...], said: str
) -> None:
    change(applied, enabled=True)
    done = set_flag(run, applied, *arguments)
    assert done.exit_code == 1
    assert said in done.stderr
    assert state(applied)["enabled"] is True


def test_production_wants_a_yes(applied: Project, run: Run) -> None:
    done = set_flag(run, applied, FLAG, "--on", "-e", "production", yes=False)
    assert done.exit_code == 1
    assert "needs a confirmation" in done.stderr
    assert state(applied)["enabled"] is False
    assert set_flag(run, applied, FLAG, "--on", "-e", "development", yes=False).exit_code == 0


@pytest.mark.parametrize("hides", [True, False])
def test_a_value_of_a_flag_that_is_off_is_not_said_to_be_what_users_get(
    applied: Project, run: Run, *, hides: bool
) -> None:
    applied.client.patch("/api/v1/projects/1/", {"hide_disabled_flags": hides})
    assert set_flag(run, applied, OTHER, "--off", "-e", "production").exit_code == 0
    done = set_flag(run, applied, OTHER, "--value", "slow", "-e", "production")
    assert done.exit_code == 0, done.stderr
    assert "It is off in production: users get it as off, whatever its value." in done.stderr
    unseen = "written; it is off, and hidden from clients while it is, so nothing shows it"
    assert (unseen in done.stderr) is hides
    assert ("served after" in done.stderr) is not hides
    on = set_flag(run, applied, OTHER, "--on", "--value", "fast", "-e", "production")
    assert "served after" in on.stderr
    assert "It is off" not in on.stderr


@pytest.mark.parametrize("command", ["set", "apply"])
def test_who_may_not_write_tags_is_told_which_right_that_takes(
    applied: Project, run: Run, tmp_path: Path, command: str
) -> None:
    assert applied.double
    path = example(tmp_path, lambda text: text.replace("production: {enabled: false}", "production: {enabled: true}"))
    applied.double.forbids_tags = True
    if command == "set":
        done = set_flag(run, applied, FLAG, "--on", "-e", "production", "--hold", "1h")
        assert state(applied)["enabled"] is True, "an incident does not wait for rights"
    else:
        done = run("flags", "apply", str(path), "--url", applied.url, "--yes", "--take-back", FLAG)
        assert state(applied)["enabled"] is False
    assert done.exit_code == 1
    assert "Tags may not be written: this takes the permission MANAGE_TAGS in the project." in done.stderr
