"""What left the catalogue is looked at again before it goes: what somebody changed meanwhile stays, with its notes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from flagops.commands.flags.reconcile.apply.removal import Removal
from tests.flagops.commands.flags.support import Project, Run
from tests.flagops.commands.flags.switching import at_once, feature, on_for_user, switch
from tests.flagops.commands.flags.test_first_apply import written

STOPPED = 3
VIPS = {"description": "One.", "all": [{"trait": "plan", "operator": "EQUAL", "value": "vip"}]}
OTHERS = {"description": "Two.", "all": [{"trait": "plan", "operator": "EQUAL", "value": "free"}]}
OLD = {"enabled": True, "targeting": [{"segment": "vips", "enabled": False}]}
BOTH = {"old": OLD, "kept": {"enabled": True}, "gone": {"enabled": False}}
KEPT = {"kept": {"enabled": True}}
VARIATIONS = [{"name": "control", "value": "a", "weight": 50}, {"name": "b", "value": "b", "weight": 50}]
Apply = Callable[..., Result]


@pytest.fixture
def apply(server: Project, run: Run, tmp_path: Path) -> Apply:
    """`ff flags apply` of these flags, with notes in a file."""

    def command(flags: dict[str, Any], *options: str, **more: Any) -> Result:
        path, notes = written(tmp_path, flags, **more), str(tmp_path / "notes.json")
        return run("flags", "apply", str(path), "--url", server.url, "--yes", "--notes", notes, *options)

    return command


@pytest.fixture
def both(server: Project, apply: Apply) -> Project:
    """A project with flags and segments that leave the catalogue."""
    done = apply(BOTH, segments={"vips": VIPS, "others": OTHERS})
    assert done.exit_code == 0, done.stderr
    return server


def names(server: Project, what: str = "features") -> set[str]:
    return {row["name"] for row in server.client.pages(f"/api/v1/projects/1/{what}/")}


def before_removal(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> None:
    """Somebody does it when all else is written."""
    run = Removal.run

    def removing(self: Removal, changes: Any) -> None:
        do()
        run(self, changes)

    monkeypatch.setattr(Removal, "run", removing)


def hold(server: Project, name: str) -> None:
    row = server.client.post("/api/v1/projects/1/tags/", {"label": "ff-hold-until-2999-01-01", "color": "#fff"})
    flag = feature(server, name)
    server.client.patch(f"/api/v1/projects/1/features/{flag['id']}/", {"tags": [*flag["tags"], row["id"]]})


def end_override(server: Project) -> None:
    segment = next(row["id"] for row in server.client.pages("/api/v1/projects/1/segments/") if row["name"] == "vips")
    body = {"segment_overrides": [{"segment": {"id": segment}, "enabled": True}]}
    at_once(server, body, "old", "staging")


MEANWHILE: dict[str, tuple[Callable[[Project], object], str]] = {
    "a switch": (lambda server: switch(server, "old", on=False), "now off in production"),
    "an override's switch": (end_override, "now its override for vips on in staging"),
    "a hold": (lambda server: hold(server, "old"), "held by the tag ff-hold-until-2999-01-01"),
    "a description": (
        lambda server: server.client.patch(
            f"/api/v1/projects/1/features/{feature(server, 'old')['id']}/", {"description": "Needed."}
        ),
        "now another description",
    ),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_somebody_changed_before_it_goes_stays(
    both: Project, apply: Apply, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    do, said = MEANWHILE[what]
    with monkeypatch.context() as patched:
        before_removal(patched, lambda: do(both))
        done = apply(KEPT, "--delete")
    assert done.exit_code == STOPPED, done.stderr
    assert said in done.stderr
    assert names(both) == {"old", "kept"}, "the other one goes"
    assert names(both, "segments") == {"vips"}, "its override would go with the segment"
    again = apply(KEPT, "--delete")
    if what == "a hold":
        assert again.exit_code == 0
        assert names(both) == {"old", "kept"}
        return
    assert again.exit_code == STOPPED, again.stderr
    assert names(both) == {"old", "kept"}, "and goes on staying"
    assert apply(KEPT, "--delete", "--take-back", "old").exit_code == 0
    assert (names(both), names(both, "segments")) == ({"kept"}, set())


def test_what_was_changed_before_the_plan_stays_in_every_apply(both: Project, apply: Apply) -> None:
    switch(both, "old", on=False)
    for _ in range(2):
        done = apply({"kept": {"enabled": True, "description": "Another."}}, "--delete")
        assert done.exit_code == STOPPED, done.stderr
        assert "segment vips is not deleted yet: flag old" in done.stderr
        assert names(both) == {"old", "kept"}
        assert names(both, "segments") == {"vips"}


def test_what_was_archived_and_then_switched_is_not_deleted(both: Project, apply: Apply) -> None:
    assert apply(KEPT).exit_code == 0
    assert feature(both, "old")["is_archived"] is True
    assert apply(KEPT).exit_code == 0
    switch(both, "old", on=False)
    assert apply(KEPT, "--delete").exit_code == STOPPED
    assert names(both) == {"old", "kept"}
    switch(both, "old", on=True)
    assert apply(KEPT, "--delete").exit_code == 0
    assert names(both) == {"kept"}


def test_a_segment_that_people_use_by_now_stays_with_their_override(
    both: Project, apply: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    def use() -> None:
        both.client.post("/api/v1/projects/1/features/", {"name": "theirs"})
        segment = next(r["id"] for r in both.client.pages("/api/v1/projects/1/segments/") if r["name"] == "others")
        at_once(both, {"segment_overrides": [{"segment": {"id": segment}, "enabled": True}]}, "theirs")

    with monkeypatch.context() as patched:
        before_removal(patched, use)
        done = apply(KEPT, "--delete")
    assert done.exit_code == STOPPED, done.stderr
    assert "a flag that stays has an override for it" in done.stderr
    assert (names(both), names(both, "segments")) == ({"kept", "theirs"}, {"others"})


def test_what_somebody_deleted_meanwhile_is_gone_and_no_failure(
    both: Project, apply: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = feature(both, "old")["id"]
    before_removal(monkeypatch, lambda: both.client.delete(f"/api/v1/projects/1/features/{number}/"))
    done = apply(KEPT, "--delete")
    assert done.exit_code == 0, done.stderr
    assert (names(both), names(both, "segments")) == ({"kept"}, set())


def test_a_flag_that_is_held_meanwhile_is_not_archived(
    both: Project, apply: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_removal(monkeypatch, lambda: hold(both, "old"))
    assert apply(KEPT).exit_code == STOPPED
    assert feature(both, "old")["is_archived"] is False
    assert feature(both, "gone")["is_archived"] is True


def test_a_variation_that_somebody_gives_out_again_stays(
    server: Project, apply: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert apply({"test": {"enabled": True, "variations": VARIATIONS}}).exit_code == 0
    less = {"enabled": True, "variations": [{**VARIATIONS[0], "weight": 70}, {"name": "c", "value": "c", "weight": 30}]}

    def give() -> None:
        options = {item["key"]: item["id"] for item in feature(server, "test")["multivariate_options"]}
        given = [{"id": options["b"], "weight": 100}, {"id": options["c"], "weight": 0}]
        at_once(server, {"environment_default": {"variants": given}}, "test")

    with monkeypatch.context() as patched:
        before_removal(patched, give)
        done = apply({"test": less})
    assert done.exit_code == STOPPED, done.stderr
    assert "its variation b given to more in production" in done.stderr
    assert {item["key"] for item in feature(server, "test")["multivariate_options"]} == {"b", "c"}


ELSEWHERE: dict[str, tuple[Callable[[Project], object], str]] = {
    "a flag": (
        lambda server: at_once(server, {"environment_default": {"enabled": True}}, "old", "theirs"),
        "it is on in theirs, which the catalogue does not name; the catalogue wants it gone",
    ),
    "an override": (
        lambda server: at_once(
            server,
            {"segment_overrides": [{"segment": {"id": segment(server, "vips")}, "enabled": True}]},
            "old",
            "theirs",
        ),
        "its override for vips is on in theirs, which the catalogue does not name; the catalogue wants it gone",
    ),
    "a user": (
        lambda server: on_for_user(server, "old", "theirs"),
        "it is on for 1 user one by one in theirs, which the catalogue does not name; the catalogue wants it gone",
    ),
}


def segment(server: Project, name: str) -> int:
    return next(int(row["id"]) for row in server.client.pages("/api/v1/projects/1/segments/") if row["name"] == name)


@pytest.mark.parametrize("what", ELSEWHERE)
def test_what_is_used_in_an_environment_that_the_catalogue_does_not_name_stays(
    server: Project, apply: Apply, what: str
) -> None:
    """Only a word of consent deletes it."""
    assert apply(BOTH, segments={"vips": VIPS, "others": OTHERS}).exit_code == 0
    server.client.post("/api/v1/environments/", {"name": "theirs", "project": 1})
    do, said = ELSEWHERE[what]
    do(server)
    for _ in range(2):
        done = apply(KEPT, "--delete")
        assert done.exit_code == STOPPED, done.stderr
        assert f"flag old: left as it is\n     {said}" in done.stderr
        assert "--take-back old" in done.stderr
        assert names(server) == {"old", "kept"}, "the other one goes"
        assert names(server, "segments") == {"vips"}, "the flag that stays has an override for it"
    assert apply(KEPT).exit_code == 0, "archived, it goes on being served"
    done = apply(KEPT, "--delete", "--take-back", "old")
    assert done.exit_code == 0, done.stderr
    assert (names(server), names(server, "segments")) == ({"kept"}, set())


def test_a_segment_that_a_flag_of_the_catalogue_uses_elsewhere_stays(server: Project, apply: Apply) -> None:
    assert apply(BOTH, segments={"vips": VIPS, "others": OTHERS}).exit_code == 0
    server.client.post("/api/v1/environments/", {"name": "theirs", "project": 1})
    override = {"segment": {"id": segment(server, "others")}, "enabled": True}
    at_once(server, {"segment_overrides": [override]}, "kept", "theirs")
    done = apply(KEPT, "--delete")
    assert done.exit_code == STOPPED, done.stderr
    said = "flag kept has an override for it in theirs, which the catalogue does not name; the catalogue wants it gone"
    assert f"segment others: left as it is\n     {said}" in done.stderr
    assert (names(server), names(server, "segments")) == ({"kept"}, {"others"})
    assert apply(KEPT, "--delete", "--take-back", "others").exit_code == 0
    assert names(server, "segments") == set()


def test_a_flag_that_is_off_elsewhere_goes_by_delete_alone(server: Project, apply: Apply) -> None:
    assert apply({"old": {"enabled": False}, **KEPT}).exit_code == 0
    server.client.post("/api/v1/environments/", {"name": "theirs", "project": 1})
    assert apply(KEPT, "--delete").exit_code == 0
    assert names(server) == {"kept"}
