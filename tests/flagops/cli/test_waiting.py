"""The one way to wait: what it answers, and what it says when the time is over."""

import ast
from collections.abc import Iterator
from threading import Event, Timer
from types import SimpleNamespace

import pytest
import tenacity

from flagops import waiting
from flagops.errors import DeadlineError, StoppedError
from flagops.waiting import NotYet, until
from tests.recording import ROOT

SLEEPS = {
    "flagops/waiting.py": "the one way to wait",
    "flagops/commands/flags/rollout/found.py": "looks again after a write that was under way, and nothing tells of one",
    "flagops/flagsmith_api/client.py": "keeps to a rate of requests",
    "flagops/serving/web/follow.py": "looks at a file for as long as the server runs, in its event loop",
    "flagops/serving/web/run.py": "uvicorn tells nobody that it has started, and its event loop must not be held up",
}


def answers(*states: str) -> Iterator[NotYet]:
    return (NotYet(state) for state in states)


def test_waiting_ends_with_the_first_answer_that_is_not_no() -> None:
    found = iter([NotYet(), NotYet(), 7])
    assert until(lambda: next(found), 10, late="It has not come") == 7


def test_none_is_an_answer() -> None:
    assert until(lambda: None, 10, late="It has not come") is None


def test_each_new_state_is_told_once() -> None:
    told: list[str] = []
    found = iter([*answers("one of two", "one of two", "two of three"), "all"])
    assert until(lambda: next(found), 10, late="They have not come", on_state=told.append) == "all"
    assert told == ["one of two", "two of three"]


def test_at_the_deadline_it_says_what_it_waited_for_and_how_things_stand_and_explains_only_then() -> None:
    asked: list[str] = []

    def explain() -> str:
        asked.append("asked")
        return "  Pods:\n    one is Pending"

    with pytest.raises(DeadlineError) as error:
        until(lambda: NotYet("1 of 3 pods"), 0.05, late="The pods are not ready", explain=explain, hint="Look.")
    assert error.value.message == "The pods are not ready after 0.05 s: 1 of 3 pods.\n  Pods:\n    one is Pending"
    assert error.value.hint == "Look."
    assert asked == ["asked"]


def test_it_is_asked_once_more_when_the_time_is_over_and_never_waits_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    now = 0.0

    def pass_by(seconds: float) -> None:
        nonlocal now
        now += seconds

    clock = SimpleNamespace(monotonic=lambda: now, sleep=pass_by)
    monkeypatch.setattr(tenacity, "time", clock)
    monkeypatch.setattr(waiting, "time", clock)

    def check() -> NotYet:
        asked.append(now)
        return NotYet()

    with pytest.raises(DeadlineError, match=r"^It has not come after 0\.15 s\.$"):
        until(check, 0.15, late="It has not come")
    assert asked == pytest.approx([0, 0.1, 0.15])  # the second pause would have been 0.14 s


def test_what_the_check_raises_is_raised_at_once() -> None:
    def check() -> NotYet:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        until(check, 60, late="It has not come")


def test_waiting_ends_when_the_run_is_stopped_before_or_during_it() -> None:
    stop = Event()
    timer = Timer(0.05, stop.set)
    timer.start()
    with pytest.raises(StoppedError):
        until(NotYet, 60, late="It has not come", stop=stop)
    with pytest.raises(StoppedError):
        until(NotYet, 60, late="It has not come", stop=stop)
    timer.join()


def sleeps(source: str) -> bool:
    return any(
        (isinstance(node, ast.Attribute) and node.attr == "sleep")
        or (isinstance(node, ast.ImportFrom) and node.module == "time" and any(a.name == "sleep" for a in node.names))
        for node in ast.walk(ast.parse(source))
    )


@pytest.mark.parametrize(
    "source", ["import time\ntime.sleep(1)", "from time import sleep", "import time as t\nt.sleep(1)"]
)
def test_a_sleep_is_seen(source: str) -> None:
    assert sleeps(source)


def test_nothing_else_of_ff_sleeps() -> None:
    """Scripts in containers are programs of their own, without tenacity."""
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "flagops").rglob("*.py")
        if "in_pod" not in path.parts and sleeps(path.read_text(encoding="utf-8"))
    }
    assert found == set(SLEEPS)
