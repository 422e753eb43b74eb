"""A look in the middle of an apply: what the apply has not brought yet is not taken for somebody's change."""

from datetime import timedelta
from typing import Any

import pytest

from components.rollouts.in_pod.live import SETTLES
from components.rollouts.in_pod.states import Action, Cause
from components.rollouts.in_pod.turn import Turned
from flagops.commands.flags.reconcile.apply.states_of_plan import write_states
from tests.doubles.flagsmith.database import CLOCK
from tests.flagops.commands.flags.rolling import CATALOGUE, Rolling
from tests.flagops.commands.flags.switching import states

SEGMENTS = """segments:
  beta: {description: B, all: [{trait: beta, operator: EQUAL, value: true}]}
  staff: {description: S, all: [{trait: staff, operator: EQUAL, value: true}]}
flags:"""
PLAIN = CATALOGUE.replace("flags:", SEGMENTS)
OF_BETA = f"{PLAIN}      segment: beta\n"
WRITES = "flagops.commands.flags.reconcile.apply.run.write_states"


class KilledError(BaseException):
    """The apply is killed."""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{PLAIN}      value: a\n", f"{PLAIN}      value: b\n"),
        (f"{PLAIN}      value: a\n", f"{PLAIN}      value: a\n      enabled: false\n"),
        (f"{PLAIN}      value: a\n", f"{PLAIN}      value: a\n".replace("enabled: false", "enabled: true")),
        (f"{OF_BETA}      value: a\n", f"{OF_BETA}      value: a\n".replace("owner: web", "owner: web\n    value: c")),
        (PLAIN, PLAIN.replace("    rollout:", "    targeting: [{segment: staff, enabled: true}]\n    rollout:")),
    ],
    ids=["value", "on or off", "all others", "the rest of a segment", "an override before it"],
)
def test_a_look_in_the_middle_of_an_apply_waits_and_the_next_one_goes_on(
    rolling: Rolling, monkeypatch: pytest.MonkeyPatch, before: str, after: str
) -> None:
    rolling.name = "banner.production.beta" if "segment: beta" in before else rolling.name
    done = rolling.apply(before)
    assert done.exit_code == 0, done.stderr
    rolling.turn()
    rolling.turn()
    rolling.pass_by(6)
    looks: list[Turned] = []

    def in_between(*args: Any) -> Any:
        looks.append(rolling.turn())
        return write_states(*args)

    monkeypatch.setattr(WRITES, in_between)
    done = rolling.apply(after)
    assert done.exit_code == 0, done.stderr
    (look,) = looks
    assert (look.decision.action, look.decision.warns) == (Action.WAIT, False)
    assert "or an apply is at work, and it is paused if that is so at " in look.decision.why
    assert rolling.turn().decision.share == 50


def test_what_an_apply_that_was_killed_did_not_bring_pauses_it_after_a_time(
    rolling: Rolling, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rolling.apply(f"{PLAIN}      value: a\n").exit_code == 0
    rolling.turn()
    rolling.turn()
    with monkeypatch.context() as patch:

        def killed(*_: Any) -> Any:
            raise KilledError

        patch.setattr(WRITES, killed)
        with pytest.raises(KilledError):
            rolling.apply(f"{PLAIN}      value: b\n")
    rolling.pass_by(6)
    assert rolling.turn().decision.action is Action.WAIT
    monkeypatch.setattr(CLOCK, "ahead", SETTLES - timedelta(minutes=1))
    assert rolling.turn().decision.action is Action.WAIT
    monkeypatch.setattr(CLOCK, "ahead", SETTLES + timedelta(minutes=1))
    said = rolling.turn().decision
    assert said.memory is not None
    assert (said.action, said.memory.cause) == (Action.NOTE, Cause.HAND)
    assert said.why == "somebody gave its share in production another value"


def test_a_kill_switch_right_behind_a_step_is_noted_at_the_next_look(rolling: Rolling) -> None:
    """No apply was there since the step: nobody waits for one."""
    rolling.turn()
    (state,) = [item for item in states(rolling.server, "banner") if item["feature_segment"]]
    rolling.server.client.put(f"/api/v1/features/featurestates/{state['id']}/", {**state, "enabled": False})
    assert rolling.turn().decision.action is Action.NOTE
