"""A rollout that had left the catalogue, and comes back."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from components.rollouts.in_pod.notes import read, write
from components.rollouts.in_pod.states import Cause, Memory, Stage, beginning
from tests.flagops.commands.flags.rolling import BEGAN, CATALOGUE, FLAG, Rolling
from tests.flagops.commands.flags.switching import states

NEXT_YEAR = f"{datetime.now(UTC).year + 1}-12-31"


@pytest.mark.parametrize("how", ["at its end", "half-way", "paused before its first step", "the same again"])
def test_a_rollout_that_comes_back_begins_with_nobody_and_not_where_the_one_before_ended(
    rolling: Rolling, how: str
) -> None:
    if how == "paused before its first step":
        row = rolling.segment()
        paused = Memory(0, BEGAN, Stage.PAUSED, BEGAN, Cause.GUARD, "errors is broken")
        text = write(replace(read(row["description"]), memory=paused))
        rolling.server.client.patch(f"/api/v1/projects/1/segments/{row['id']}/", {**row, "description": text})
    else:
        rolling.turn()
        for hours in (6, 24) if how == "at its end" else ():
            rolling.pass_by(hours)
            assert rolling.turn().is_written
    number, share = rolling.segment()["id"], rolling.found().live.share
    plain = CATALOGUE[: CATALOGUE.index("    rollout:")]
    ended = rolling.apply(plain.replace("enabled: false", "enabled: true") if share == 100 else plain)
    assert (ended.exit_code, len(states(rolling.server, FLAG))) == (0, 1), ended.stderr
    again = CATALOGUE if how == "the same again" else CATALOGUE.replace("2026-11-01", NEXT_YEAR)
    rolling.path.write_text(again, encoding="utf-8")
    assert "an ended one, " in rolling.ff("plan").stdout
    done = rolling.apply(again)
    assert done.exit_code == 0, done.stderr
    found = rolling.found()
    assert (found.segment["id"], found.live.share, found.live.gone) == (number, 0, "")
    memory = found.description.memory
    assert memory is not None
    assert memory == beginning(0, memory.at)
    assert rolling.ff("plan").exit_code == 0
    said = rolling.turn()
    assert said.is_written == (how == "the same again")
    assert said.decision.share == (5 if how == "the same again" else 0)


def test_a_rollout_that_comes_back_in_the_same_apply_in_which_it_would_have_gone_keeps_its_share(
    rolling: Rolling,
) -> None:
    rolling.turn()
    done = rolling.apply(CATALOGUE.replace("2026-11-01", NEXT_YEAR))
    assert done.exit_code == 0, done.stderr
    assert (rolling.found().live.share, rolling.found().description.memory is None) == (5, False)
