"""Two that write one flag's tags at the same time: whoever wrote last gives the other one's hold its tag back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flagops.commands.flags.reconcile.apply import holding
from flagops.commands.flags.reconcile.apply import run as running
from flagops.commands.flags.reconcile.apply.now import Now
from flagops.commands.flags.reconcile.holds import PENDING, is_hold
from flagops.commands.flags.server.snapshot import RemoteFlag
from flagops.commands.flags.spec import TAG
from flagops.errors import AnswerError
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.connect import Connection
from tests.flagops.commands.flags.holding import HOLD, TAGS, WHY, begin, descriptions, holds, path_of, put_on, retagged
from tests.flagops.commands.flags.support import EXAMPLE, Project, Run
from tests.flagops.commands.flags.switching import FLAG, OTHER, feature, set_flag, tags


def before_the_first_writing_of_tags(
    monkeypatch: pytest.MonkeyPatch, server: Project, meanwhile: Callable[[], None]
) -> list[bool]:
    """Between reading a flag's tags and writing them; that it came to that."""
    patch, where, came = FlagsmithClient.patch, path_of(server), list[bool]()

    def patching(self: FlagsmithClient, path: str, body: Any) -> Any:
        if path == where and "tags" in body and self is not server.client and not came:
            came.append(True)
            meanwhile()
        return patch(self, path, body)

    monkeypatch.setattr(FlagsmithClient, "patch", patching)
    return came


def test_of_two_switches_with_holds_both_keep_theirs(
    applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[Any] = []

    def other() -> None:
        others.append(set_flag(run, applied, FLAG, "--off", "-e", "staging", "--hold", "48h"))

    came = before_the_first_writing_of_tags(monkeypatch, applied, other)
    done = set_flag(run, applied, FLAG, "--off", "-e", "production", "--hold", "1h")
    assert came
    assert (done.exit_code, others[0].exit_code) == (0, 0), done.stderr
    assert len(holds(applied)) == 2
    said = [text for label, text in descriptions(applied).items() if is_hold(label)]
    assert sorted(text.partition(":")[0] for text in said) == [f"{FLAG} off in production", f"{FLAG} off in staging"]


@pytest.mark.parametrize(
    "description",
    [WHY, PENDING + WHY, "", "an incident"],
    ids=["made meanwhile", "made before", "by hand", "by hand, with words"],
)
def test_a_hold_that_is_being_put_on_is_not_lost(
    applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch, description: str
) -> None:
    """Its tag may have been made before the other one looked which there are."""
    early = [begin(applied, description)] if description.startswith(PENDING) else []

    def other() -> None:
        put_on(applied, early[0] if early else begin(applied, description))

    came = before_the_first_writing_of_tags(monkeypatch, applied, other)
    done = set_flag(run, applied, FLAG, "--off", "-e", "production", "--hold", "1h")
    assert came
    assert done.exit_code == 0, done.stderr
    assert HOLD in holds(applied)
    assert len(holds(applied)) == 2


def test_a_hold_of_another_flag_that_is_being_put_on_stays_its_own(
    applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says of which one it is, or that one has it."""
    other, labels = feature(applied, OTHER), ["ff-hold-until-2999-01-02T00:00Z", "ff-hold-until-2999-01-03T00:00Z"]

    def begin_others() -> None:
        said, unsaid = (
            int(applied.client.post(TAGS, {"label": label, "color": "#fff", "description": text})["id"])
            for label, text in zip(labels, (f"{OTHER} off in production: x", ""), strict=True)
        )
        assert said
        applied.client.patch(f"/api/v1/projects/1/features/{other['id']}/", {"tags": [*other["tags"], unsaid]})

    came = before_the_first_writing_of_tags(monkeypatch, applied, begin_others)
    done = set_flag(run, applied, FLAG, "--off", "-e", "production", "--hold", "1h")
    assert came
    assert done.exit_code == 0, done.stderr
    assert len(holds(applied)) == 1
    assert not set(labels) & set(holds(applied))


def test_a_release_leaves_the_tag_of_a_hold_that_is_just_being_put_on(applied: Project, run: Run) -> None:
    tag = begin(applied, PENDING + WHY)
    done = run("flags", "release", FLAG, "--url", applied.url)
    assert done.exit_code == 0, done.stderr
    put_on(applied, tag)
    assert holds(applied) == [HOLD]


@pytest.mark.parametrize("description", [WHY, ""], ids=["of ff", "by hand"])
def test_a_release_ends_the_holds_that_it_saw_and_no_other(
    applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch, description: str
) -> None:
    assert set_flag(run, applied, FLAG, "--off", "-e", "production", "--hold", "1h").exit_code == 0
    came = before_the_first_writing_of_tags(monkeypatch, applied, lambda: put_on(applied, begin(applied, description)))
    done = run("flags", "release", FLAG, "--url", applied.url)
    assert came
    assert done.exit_code == 0, done.stderr
    assert holds(applied) == [HOLD]
    assert f"{FLAG} is held still: {HOLD} began meanwhile; ff-hold-until-" in done.stderr


def test_a_hold_that_somebody_ended_in_the_dashboard_does_not_come_back(
    applied: Project, run: Run, tmp_path: Path
) -> None:
    """Its tag is on no flag, and is there still."""
    begin(applied)
    assert set_flag(run, applied, FLAG, "--off", "-e", "production", "--hold", "1h").exit_code == 0
    assert HOLD not in holds(applied)
    assert run("flags", "release", FLAG, "--url", applied.url).exit_code == 0
    done = apply(run, applied, retagged(tmp_path), tmp_path)
    assert done.exit_code == 0, done.stderr
    assert "fresh" in tags(applied)
    assert holds(applied) == []


def apply(run: Run, server: Project, path: Path, home: Path) -> Any:
    words = ("--take-back", FLAG, "--notes", str(home / "notes.json"), "--yes")
    return run("flags", "apply", str(path), "--url", server.url, *words)


@pytest.mark.parametrize("description", [PENDING + WHY, ""], ids=["of ff", "by hand"])
@pytest.mark.parametrize("fails", [False, True], ids=["to its end", "and it fails then"])
def test_an_apply_gives_back_the_tag_of_a_hold_that_was_being_put_on(
    applied: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool, description: str
) -> None:
    assert apply(run, applied, EXAMPLE, tmp_path).exit_code == 0
    early, patch_flag = begin(applied, description) if description else None, Now.patch_flag

    def patching(self: Now, read: RemoteFlag, *rest: Any) -> None:
        if read.name == FLAG:
            put_on(applied, early or begin(applied, description))
        patch_flag(self, read, *rest)

    def failing(*_: object) -> None:
        raise AnswerError("The server is away.")

    with monkeypatch.context() as patched:
        patched.setattr(Now, "patch_flag", patching)
        if fails:
            patched.setattr(running, "write_states", failing)
        done = apply(run, applied, retagged(tmp_path), tmp_path)
    assert done.exit_code == (1 if fails else 3), done.stderr
    assert ("The server is away." in done.stderr) is fails
    assert holds(applied) == [HOLD]


def test_a_hold_that_is_ended_before_its_tag_is_given_back_leaves_the_flag_to_the_catalogue(
    applied: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patch_flag, again = Now.patch_flag, holding.hold_again
    ended: list[int] = []

    def patching(self: Now, read: RemoteFlag, *rest: Any) -> None:
        if read.name == FLAG:
            put_on(applied, begin(applied))
        patch_flag(self, read, *rest)

    def giving(connection: Connection, feature: int, tag: int) -> bool:
        ended.append(tag)
        applied.client.delete(f"{TAGS}{tag}/")
        return again(connection, feature, tag)

    with monkeypatch.context() as patched:
        patched.setattr(Now, "patch_flag", patching)
        patched.setattr(running, "hold_again", giving)
        done = apply(run, applied, retagged(tmp_path), tmp_path)
    assert ended
    assert done.exit_code == 0, done.stderr
    assert f"held by the tag {HOLD}" not in done.stderr
    assert ("fresh" in tags(applied), holds(applied)) == (True, [])


def test_an_apply_that_adopts_a_flag_gives_back_the_tag_of_a_hold_too(
    applied: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Adopting writes the flag's tags, and nothing else of it."""
    assert apply(run, applied, EXAMPLE, tmp_path).exit_code == 0
    own = next(row["id"] for row in applied.client.pages(TAGS) if row["label"] == TAG)
    kept = [number for number in feature(applied)["tags"] if number != own]
    applied.client.patch(path_of(applied), {"tags": kept})
    patch_flag = Now.patch_flag

    def patching(self: Now, read: RemoteFlag, *rest: Any) -> None:
        put_on(applied, begin(applied, ""))
        patch_flag(self, read, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(Now, "patch_flag", patching)
        done = apply(run, applied, EXAMPLE, tmp_path)
    assert done.exit_code == 3, done.stderr
    assert f"held by the tag {HOLD}" in done.stderr
    assert (holds(applied), TAG in tags(applied)) == ([HOLD], True)


def test_an_apply_that_wrote_several_flags_names_a_hold_of_which_nobody_can_tell_whose_it_is(
    applied: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert apply(run, applied, EXAMPLE, tmp_path).exit_code == 0
    patch_flag = Now.patch_flag

    def patching(self: Now, read: RemoteFlag, *rest: Any) -> None:
        if read.name == FLAG:
            put_on(applied, begin(applied, ""))
        patch_flag(self, read, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(Now, "patch_flag", patching)
        done = apply(run, applied, retagged(tmp_path, FLAG, OTHER), tmp_path)
    assert done.exit_code == 3, done.stderr
    assert holds(applied) == []
    for name in (FLAG, OTHER):
        assert f"flag {name}: left as it is" in done.stderr
    assert f"not held, if the new tag {HOLD}, which no flag has, is for it: then give it back" in done.stderr


def test_a_run_that_cannot_look_says_so(
    applied: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        assert applied.double
        applied.double.failing = {"/api/v1/projects/1/tags/": 403}
        raise AnswerError("The server is away.")

    monkeypatch.setattr(running, "write_states", failing)
    done = apply(run, applied, retagged(tmp_path), tmp_path)
    assert done.exit_code == 1
    assert "Whether it took away the tag of a hold that began meanwhile cannot be told." in done.stderr
