"""A person's word at any moment of a runner's look: it counts, whoever writes first."""

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from components.rollouts.in_pod.notes import read, write
from components.rollouts.in_pod.project import Rollouts
from components.rollouts.in_pod.states import Decision, Memory, Stage
from flagops.commands.flags.rollout import found as words
from flagops.errors import ConflictError, RefusedError
from tests.components.rollouts.histories import MINUTE
from tests.components.rollouts.test_two import REQUESTS, WRITE, Project

LONG = 30
"""Seconds, after which a thread that waits has hung."""


def say(project: Project, word: str) -> Decision:
    connection: Any = SimpleNamespace(client=project, project=1)
    (there,) = Rollouts(project, 1).all()
    return words.carry_out(connection, there, words.said_by(("user", "ann"), "it fails", word))


def memory(project: Project) -> Memory:
    found = read(project.segment["description"]).memory
    assert found is not None
    return found


class Person:
    """Says something in the middle of a runner's look, and looks again when that is over."""

    def __init__(self, project: Project, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: Decision | None = None
        self._project, self._word = project, word
        self._wrote, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._say, daemon=True)
        monkeypatch.setattr(words, "sleep", self._waits)

    def _waits(self, _: float) -> None:
        self._wrote.set()
        assert self._over.wait(LONG)

    def _say(self) -> None:
        try:
            self.said = say(self._project, self._word)
        finally:
            self._wrote.set()

    def speaks(self) -> None:
        self._thread.start()
        assert self._wrote.wait(LONG)

    def ends(self) -> None:
        self._over.set()
        self._thread.join(LONG)
        assert not self._thread.is_alive()


@pytest.mark.parametrize("number", range(1, REQUESTS + 1))
@pytest.mark.parametrize("word", ["pause", "back"])
def test_a_word_between_a_runner_s_read_and_its_write_is_not_lost(
    monkeypatch: pytest.MonkeyPatch, number: int, word: str
) -> None:
    project = Project()
    project.look()
    project.at += 61 * MINUTE
    person = Person(project, word, monkeypatch)
    project.look_while(number, person.speaks)
    person.ends()
    assert person.said is not None
    assert (memory(project).stage, memory(project).why) == (Stage.PAUSED, "it fails")
    # Of the last two numbers the step is there: a pause leaves it, and one step back is from what the person saw.
    shares = {"pause": (1, 10, 10), "back": (0, 0, 1)}[word]
    assert project.share == shares[max(number - WRITE + 1, 0)]
    project.at += 600 * MINUTE
    project.look()
    assert memory(project).stage is Stage.PAUSED


def test_a_word_to_go_on_is_not_said_twice_where_a_runner_went_on_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project()
    project.look()
    monkeypatch.setattr(words, "SETTLED_SECONDS", 0)
    say(project, "pause")

    def goes_on(_: float) -> None:
        project.at += 61 * MINUTE
        project.look()

    monkeypatch.setattr(words, "sleep", goes_on)
    say(project, "resume")
    written = len(project.written)
    assert (memory(project).stage, project.share) == (Stage.RUNNING, 10)
    assert len(project.written) == written


def test_one_that_is_written_over_again_and_again_is_said_to_be_unsure(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project()
    project.look()
    before = project.segment

    def old(_: float) -> None:
        project.segment = before

    monkeypatch.setattr(words, "sleep", old)
    with pytest.raises(ConflictError, match="others wrote over it 4 times; whether it counts is not sure"):
        say(project, "pause")


def test_somebody_else_s_word_since_is_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project()
    project.look()
    monkeypatch.setattr(words, "sleep", lambda _: None)
    say(project, "pause")
    asked: list[Callable[[], object]] = [lambda: say(project, "resume")]

    def other(_: float) -> None:
        if asked:
            asked.pop()()

    say(project, "resume")
    monkeypatch.setattr(words, "sleep", other)
    say(project, "pause")
    assert (memory(project).stage, memory(project).who) == (Stage.RUNNING, "ann")
    with pytest.raises(RefusedError, match="It is not paused: it is running"):
        say(project, "resume")


def test_what_was_written_over_is_seen_by_whoever_wrote_it() -> None:
    project = Project()
    (found,) = Rollouts(project, 1).all()
    rollouts = Rollouts(project, 1)
    look = project.look()
    assert rollouts.is_kept(look.found, look.decision)
    text = project.segment["description"]
    project.segment["description"] = text.replace('"stage":"running"', '"stage":"paused"')
    assert not rollouts.is_kept(look.found, look.decision)
    project.segment["description"] = write(found.description)
    assert not rollouts.is_kept(look.found, look.decision)
    project.segment["description"] = text.replace('"format":1', '"format":9')
    assert not rollouts.is_kept(look.found, look.decision)
