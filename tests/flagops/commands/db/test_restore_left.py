"""A restore that nobody waits for any more ends: its Job never goes on under a Flagsmith that was started again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flagops.commands.db.backups import jobs
from flagops.commands.db.backups.restore import Chosen, restore
from flagops.errors import AnswerError, FailedError, UnreachableError
from flagops.kubernetes.objects import Manifest, Ref
from flagops.waiting import NotYet
from tests.components.settings.support import settings
from tests.flagops.commands.db.clusters import NAMESPACE, Operated

MODULE = "flagops.commands.db.backups.restore"
JOB = ("Job", "flagsmith-restore-1")


class World(Operated):
    """A cluster that deletes a Job's pods before the Job, which is seen one question later."""

    is_leaving = False
    is_reachable = True

    def delete(self, ref: Ref, *, uid: str | None = None, dependents_first: bool = False) -> None:
        assert (ref.kind, ref.name, uid) == (*JOB, None)
        if not self.is_reachable:
            raise UnreachableError("The API server does not answer.")
        assert dependents_first, "its pod would still be at work when the Job is gone"
        self.is_leaving = True

    def get(self, *which: Any) -> Manifest | None:
        found = super().get(*which)
        if self.is_leaving and isinstance(which[0], Ref):
            self.objects.pop(JOB, None)
        return found


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    job = {"kind": JOB[0], "metadata": {"name": JOB[1], "namespace": NAMESPACE}, "status": {"active": 1}}
    made: World = World.of(job, settings=settings())

    @contextmanager
    def stopped(*_: object) -> Iterator[None]:
        try:
            yield
        finally:
            live = made.objects.get(JOB)
            at_work.append(live is not None and not live["status"].get("conditions"))

    at_work: list[bool] = []
    monkeypatch.setattr(made, "at_work_at_the_start", at_work, raising=False)
    monkeypatch.setattr(f"{MODULE}._older_image", lambda _: None)
    options: dict[str, Any] = {}

    def backup(*_: object, **given: Any) -> Any:
        options.update(given)
        return SimpleNamespace(name="flagsmith-0")

    monkeypatch.setattr(made, "backup_options", options, raising=False)
    monkeypatch.setattr(f"{MODULE}.backup", backup)
    monkeypatch.setattr(f"{MODULE}.stopped", stopped)
    monkeypatch.setattr(f"{MODULE}.roles.make", lambda *_: None)
    monkeypatch.setattr(f"{MODULE}.cluster_jobs.start", lambda *_args, **_options: JOB[1])
    return made


def interrupted(error: BaseException, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def ended(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(f"{MODULE}.{name}", ended)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), UnreachableError("The API server does not answer.")])
def test_a_job_that_nobody_waits_for_is_gone_before_flagsmith_is_started(
    world: Any, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    interrupted(error, monkeypatch, "jobs.finish")
    said: list[str] = []
    with pytest.raises(type(error)):
        restore(world, Chosen("flagsmith-1"), on_line=said.append)
    assert world.at_work_at_the_start == [False]
    assert f"Ending the Job {JOB[1]}…" in said


def test_a_file_that_could_not_be_sent_leaves_no_job_that_waits_for_it(
    world: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "mine.dump"
    file.write_bytes(b"PGDMP and more")
    monkeypatch.setattr(f"{MODULE}.cluster_jobs.running", lambda *_args, **_options: {})
    interrupted(AnswerError("The connection broke off before its end."), monkeypatch, "run")
    with pytest.raises(AnswerError):
        restore(world, Chosen(str(file), file))
    assert world.at_work_at_the_start == [False]


def test_the_backup_of_before_takes_not_the_place_of_the_one_that_is_restored(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(FailedError("The Job failed."), monkeypatch, "jobs.finish")
    with pytest.raises(FailedError):
        restore(world, Chosen("flagsmith-1-before-restore"))
    assert world.backup_options["spared"] == "flagsmith-1-before-restore"
    assert world.backup_options["label"] == "before-restore"


def test_one_that_failed_by_itself_stays_to_be_looked_at(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world.objects[JOB]["status"] = {"conditions": [{"type": "Failed", "status": "True"}]}
    interrupted(FailedError("The Job failed."), monkeypatch, "jobs.finish")
    with pytest.raises(FailedError):
        restore(world, Chosen("flagsmith-1"))
    assert JOB in world.objects


def test_one_that_cannot_be_ended_is_named(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world.is_reachable = False
    interrupted(AnswerError("What was asked first."), monkeypatch, "jobs.finish")
    said: list[str] = []
    with pytest.raises(AnswerError, match="What was asked first"):
        restore(world, Chosen("flagsmith-1"), on_line=said.append)
    assert f"The Job {JOB[1]} may still be at work, and replace the database: The API server does not answer." in said


def test_a_pod_that_does_not_end_is_waited_for_no_longer_than_it_may_take(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def until(check: Any, seconds: float, **words: Any) -> None:
        assert isinstance(check(), NotYet)
        assert 30 < seconds <= 300
        assert JOB[1] in words["late"]

    monkeypatch.setattr(jobs, "until", until)
    jobs.end(world, JOB[1], print)


def test_the_dump_of_an_upgrade_that_was_given_up_goes_before_anything_is_restored(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start of the newer version would put it in the place of what was restored."""
    done: list[str] = []
    monkeypatch.setattr(f"{MODULE}.forget_given_up", lambda *_: done.append("forgotten"))
    monkeypatch.setattr(f"{MODULE}.roles.make", lambda *_: done.append("begun"))
    interrupted(FailedError("The Job failed."), monkeypatch, "jobs.finish")
    with pytest.raises(FailedError):
        restore(world, Chosen("flagsmith-1"))
    assert done == ["forgotten", "begun"]
