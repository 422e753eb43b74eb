"""Steps of a plan at a time: each is told once, in the plan's order, whatever happens to the others."""

from collections.abc import Callable
from threading import Barrier, Event, Lock

import pytest

from flagops.commands.flags.reconcile.apply.meanwhile import ChangedMeanwhileError
from flagops.commands.flags.reconcile.apply.together import WriteStep, together
from flagops.commands.flags.reconcile.change import Action, Change, ObjectKind
from flagops.flagsmith_api.client import FlagsmithError

SECONDS = 20


class Told:
    """What was said, by the names of changes."""

    def __init__(self, *, refuses: str = "", stops_at: str = "") -> None:
        self.begun: list[str] = []
        self.done: list[str] = []
        self.left: list[str] = []
        self.refusals: list[str] = []
        self._refuses, self._stops_at, self._lock = refuses, stops_at, Lock()

    def begin(self, changes: list[Change]) -> None:
        with self._lock:
            if changes[0].name == self._refuses:
                raise FlagsmithError("It cannot be noted.", 0)
            self.begun += named(changes)

    def refused(self, changes: list[Change]) -> None:
        with self._lock:
            self.refusals += named(changes)

    def announce(self, change: Change) -> None:
        if change.name == self._stops_at:
            self._stops_at = ""
            raise KeyboardInterrupt
        self.done.append(change.name)

    def leave(self, changes: list[Change], error: ChangedMeanwhileError) -> None:
        assert error.said == "now off"
        self.left += named(changes)


def named(changes: list[Change]) -> list[str]:
    return [change.name for change in changes]


def step(do: Callable[[], bool | None], *names: str, is_one_request: bool = True) -> WriteStep:
    changes = [Change(Action.UPDATE, ObjectKind.FLAG, name) for name in names]
    return WriteStep(do, changes, is_one_request=is_one_request)


def done() -> None:
    """What does it at once."""


def failing(error: BaseException) -> Callable[[], bool | None]:
    def fail() -> bool | None:
        raise error

    return fail


def test_as_many_as_there_are_threads_are_done_at_a_time_and_told_in_the_plan_s_order() -> None:
    told, all_there, second_is_done = Told(), Barrier(2), Event()

    def first() -> None:
        all_there.wait(SECONDS)
        assert second_is_done.wait(SECONDS)

    def second() -> None:
        all_there.wait(SECONDS)
        second_is_done.set()

    assert together([step(first, "a", "b"), step(second, "c"), step(done, "d")], told, threads=2)
    assert told.done == ["a", "b", "c", "d"]
    assert sorted(told.begun) == ["a", "b", "c", "d"]


def test_what_could_not_be_done_so_is_not_told_and_the_others_are() -> None:
    told = Told()
    assert not together([step(done, "a"), step(lambda: False, "b"), step(lambda: True, "c")], told)
    assert told.done == ["a", "c"]


def test_what_somebody_changed_meanwhile_is_left_and_the_others_go_on() -> None:
    told = Told()
    left = step(failing(ChangedMeanwhileError("now off")), "a", "b")
    assert together([left, step(done, "c")], told)
    assert (told.left, told.done, told.refusals) == (["a", "b"], ["c"], [])


def test_a_failure_stops_what_did_not_begin_and_what_was_done_is_told_first() -> None:
    told, failed = Told(), Event()

    def slow() -> None:
        assert failed.wait(SECONDS)

    def fail() -> None:
        failed.set()
        raise FlagsmithError("no", 400)

    steps = [step(fail, "a"), step(slow, "b"), *(step(done, f"more {number}") for number in range(50))]
    with pytest.raises(FlagsmithError, match="no"):
        together(steps, told, threads=2)
    assert told.refusals == ["a"]
    assert "a" not in told.done
    assert "b" in told.done
    assert sorted(told.done) == sorted(set(told.begun) - {"a"}), "each that was done is told, once"


@pytest.mark.parametrize(("status", "refusals"), [(400, ["a"]), (404, ["a"]), (0, []), (502, [])])
def test_only_a_certain_refusal_is_one(status: int, refusals: list[str]) -> None:
    """Where no answer came, or a gateway's, nobody knows whether it was done."""
    told = Told()
    with pytest.raises(FlagsmithError):
        together([step(failing(FlagsmithError("no", status)), "a")], told)
    assert told.refusals == refusals


def test_of_several_requests_that_one_was_refused_does_not_say_that_nothing_was_done() -> None:
    told = Told()
    with pytest.raises(FlagsmithError):
        together([step(failing(FlagsmithError("no", 400)), "a", is_one_request=False)], told)
    assert told.refusals == []


def test_what_cannot_be_noted_is_not_done() -> None:
    told, did = Told(refuses="a"), Event()
    with pytest.raises(FlagsmithError, match="cannot be noted"):
        together([step(lambda: did.set(), "a")], told)
    assert not did.is_set()
    assert (told.begun, told.done, told.refusals) == ([], [], [])


def test_a_telling_that_stops_the_run_leaves_nothing_untold_that_was_done() -> None:
    told = Told(stops_at="b")
    with pytest.raises(KeyboardInterrupt):
        together([step(done, "a", "b", "c"), step(done, "d")], told, threads=1)
    assert told.done[:3] == ["a", "b", "c"], "each once"
    assert told.done[3:] == ["d"][: len(told.begun) - 3]


def test_no_steps_are_all_done() -> None:
    assert together([], Told())
