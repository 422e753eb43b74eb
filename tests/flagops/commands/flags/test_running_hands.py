"""Whose hand a rollout's own steps are, for an apply: nobody's; and what a person takes away is noticed."""

from typing import Any

import pytest

from components.rollouts.in_pod.notes import DECLARED, REMEMBERED
from components.rollouts.in_pod.states import Action, Cause, Memory, Stage
from flagops.commands.flags.reconcile.apply.now import Now
from tests.flagops.commands.flags.rolling import CATALOGUE, FLAG, Rolling
from tests.flagops.commands.flags.switching import as_ann, by_key
from tests.flagops.commands.flags.test_running_brought import KilledError

ANOTHER = CATALOGUE.replace("{to: 50, for: 1d}", "{to: 20, for: 1d}")
STOPPED = 3


@pytest.fixture
def shown(rolling: Rolling) -> Rolling:
    """The audit log is shown, and the runner has an account of its own."""
    assert rolling.server.double is not None
    rolling.server.double.database.shows_audit = True
    return rolling


def step(rolling: Rolling) -> None:
    as_ann(rolling.server)
    assert rolling.turn().is_written
    by_key(rolling.server)


def without_notes(rolling: Rolling, text: str, *words: str) -> Any:
    rolling.path.write_text(text, encoding="utf-8")
    return rolling.ff_alone("apply", "--yes", *words)


def memory(rolling: Rolling) -> Memory:
    found = rolling.found().description.memory
    assert found is not None
    return found


@pytest.mark.parametrize("is_noted", [True, False], ids=["with notes", "without"])
def test_steps_of_the_runner_are_nobody_s_change(shown: Rolling, is_noted: bool) -> None:
    for hours in (6, 24):
        step(shown)
        done = shown.apply(ANOTHER) if is_noted else without_notes(shown, ANOTHER)
        assert done.exit_code == 0, done.stderr
        done = shown.apply() if is_noted else without_notes(shown, CATALOGUE)
        assert done.exit_code == 0, done.stderr
        shown.pass_by(hours)


def test_a_step_behind_an_apply_that_was_killed_before_it_wrote_the_segment_is_no_conflict(
    shown: Rolling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> Any:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Now, "patch_segment", killed)
        with pytest.raises(KilledError):
            shown.apply(ANOTHER)
    step(shown)
    done = shown.apply(ANOTHER)
    assert done.exit_code == 0, done.stderr
    declared = shown.found().description.declared
    assert declared is not None
    assert [item.to for item in declared.steps] == [5, 20, 100]
    assert memory(shown).share == 5


def test_what_somebody_edited_behind_a_step_is_a_conflict_all_the_same(shown: Rolling) -> None:
    step(shown)
    as_ann(shown.server)
    edit(shown, "[5.0,21600.0]", "[5.0,60.0]")
    by_key(shown.server)
    assert without_notes(shown, ANOTHER).exit_code == STOPPED


def edit(rolling: Rolling, before: str, after: str) -> None:
    row = rolling.segment()
    text = row["description"].replace(before, after)
    assert text != row["description"]
    rolling.server.client.patch(f"/api/v1/projects/1/segments/{row['id']}/", {**row, "description": text})


def take_away(rolling: Rolling, prefix: str) -> None:
    row = rolling.segment()
    lines = [line for line in row["description"].splitlines() if not line.startswith(prefix)]
    changed = {**row, "description": "\n".join(lines)}
    rolling.server.client.patch(f"/api/v1/projects/1/segments/{row['id']}/", changed)


@pytest.mark.parametrize("share", [0, 5])
def test_where_what_is_remembered_is_taken_away_only_a_person_lets_it_go_on(rolling: Rolling, share: int) -> None:
    rolling.turn()
    word = "back" if share == 0 else "pause"
    assert rolling.ff_rollout(word, FLAG, "--reason", "it fails").exit_code == 0
    take_away(rolling, REMEMBERED)
    assert rolling.found().description.memory is None
    said = rolling.turn()
    assert (said.decision.action, said.decision.warns, said.is_written) == (Action.NOTE, True, True)
    assert (memory(rolling).stage, memory(rolling).cause) == (Stage.PAUSED, Cause.HAND)
    assert "took away what was remembered" in memory(rolling).why
    for _ in range(2):
        assert rolling.turn().found.live.share == share
    # An apply does not begin it anew.
    assert rolling.ff("apply", "--yes").exit_code == 0
    assert memory(rolling).stage is Stage.PAUSED
    done = rolling.ff_rollout("resume", FLAG, "--reason", "mended", "--yes")
    assert done.exit_code == 0, done.stderr


def test_an_apply_over_a_memory_that_was_taken_away_lets_nothing_go_on(rolling: Rolling) -> None:
    rolling.turn()
    take_away(rolling, REMEMBERED)
    assert without_notes(rolling, ANOTHER).exit_code == 0
    said = rolling.turn().decision
    assert said.memory is not None
    assert (said.share, said.memory.stage, said.memory.cause) == (5, Stage.PAUSED, Cause.HAND)


@pytest.mark.parametrize("line", [DECLARED, REMEMBERED])
def test_what_cannot_be_read_is_a_conflict_without_notes_too(rolling: Rolling, line: str) -> None:
    rolling.turn()
    edit(rolling, f"{line}{{", f"{line}[{{")
    text = rolling.segment()["description"]
    assert without_notes(rolling, ANOTHER).exit_code == STOPPED
    assert rolling.segment()["description"] == text
    assert without_notes(rolling, ANOTHER, "--take-back", FLAG).exit_code == 0
    said = rolling.turn().decision
    assert said.memory is not None
    assert (said.share, said.memory.stage) == (5, Stage.PAUSED)


def test_a_fixed_share_that_gets_steps_goes_on_from_there(rolling: Rolling) -> None:
    fixed = CATALOGUE[: CATALOGUE.index("    rollout:")] + "    rollout: {everyone: 5}\n"
    text = fixed.replace("banner", "other")
    assert rolling.apply(text).exit_code == 0
    done = rolling.apply(CATALOGUE.replace("banner", "other"))
    assert done.exit_code == 0, done.stderr
    (found,) = [item for item in rolling.everything() if item.name == "other.production"]
    assert (found.live.share, found.description.memory and found.description.memory.stage) == (5, Stage.WAITING)


def test_back_to_nobody_and_resumed_it_begins_again_whatever_its_start_is(rolling: Rolling) -> None:
    """One that waits for a person to start it, and one whose first step a closed window kept away."""
    text = CATALOGUE.replace("      start: 2026-11-01 09:00 UTC\n", "")
    assert rolling.apply(text).exit_code == 0
    for word in ("start", "pause", "resume"):
        done = rolling.ff_rollout(word, FLAG, "--reason", "so", *([] if word == "pause" else ["--yes"]))
        assert done.exit_code == 0, done.stderr
    assert memory(rolling).stage is Stage.RUNNING
    assert rolling.turn().decision.share == 5
    assert rolling.ff_rollout("back", FLAG, "--reason", "so").exit_code == 0
    assert rolling.ff_rollout("resume", FLAG, "--reason", "so", "--yes").exit_code == 0
    assert rolling.turn().decision.share == 5
