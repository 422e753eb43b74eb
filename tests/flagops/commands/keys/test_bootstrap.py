"""The bootstrap outside of a deployment: which Job it starts, and what it tells of its log."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from flagops.errors import FailedError
from flagops.kubernetes.objects import Manifest
from flagops.pods import jobs
from flagops.pods.bootstrap import check_keys, write_keys
from flagops.stacks.deployed import Instance
from tests.recording import recorded

REFUSAL = ["Nothing is changed: the Secrets are to hold", "  feature-flags:sdkKeys:", "    clientKeys:"]
INSTANCE = cast("Instance", None)


class Cluster:
    """Takes Jobs, whose log is `log`, and which end well if `is_well`."""

    def __init__(self, *log: str, is_well: bool = True) -> None:
        self.log, self.is_well = log, is_well
        self.job = dict(recorded("local").starting("Job", "flagsmith-bootstrap-"))
        self.started: list[tuple[str, Manifest]] = []

    def start_like(self, _: Instance, job: Manifest, name: str, change: Callable[[Manifest], Manifest]) -> str:
        self.started.append((name, change(job["spec"]["template"])))
        return f"{name}-1"

    def wait(self, _: Instance, name: str, *, seconds: float, on_line: Callable[[str], None]) -> None:
        assert seconds >= self.job["spec"]["activeDeadlineSeconds"]
        for line in self.log:
            on_line(line)
        if not self.is_well:
            raise FailedError(f"The Job {name} failed. Its last log lines:\n  " + "\n  ".join(self.log[-15:]))

    @property
    def container(self) -> dict[str, Any]:
        ((_, pod),) = self.started
        (container,) = pod["spec"]["containers"]
        return dict(container)

    @property
    def deployed(self) -> dict[str, Any]:
        (container,) = self.job["spec"]["template"]["spec"]["containers"]
        return dict(container)


@pytest.fixture
def having(monkeypatch: pytest.MonkeyPatch) -> Callable[[Cluster], Cluster]:
    def have(made: Cluster) -> Cluster:
        monkeypatch.setattr(jobs, "deployed", lambda *_: made.job)
        monkeypatch.setattr(jobs, "start_like", made.start_like)
        monkeypatch.setattr(jobs, "wait", made.wait)
        monkeypatch.setattr(jobs, "remove", lambda *_: None)
        return made

    return have


def test_keys_are_written_by_the_deployed_bootstrap_or_by_the_release_that_has_the_database(
    having: Callable[[Cluster], Cluster],
) -> None:
    lines: list[str] = []
    made = having(Cluster("environment production: the server-side key"))
    write_keys(INSTANCE, lines.append)
    assert (made.started[0][0], made.container) == ("flagsmith-bootstrap-again", made.deployed)
    assert lines == ["environment production: the server-side key"]
    older = having(Cluster())
    write_keys(INSTANCE, lines.append, image="flagsmith/flagsmith:2.264.0")
    assert older.container == {**made.deployed, "image": "flagsmith/flagsmith:2.264.0"}


def test_a_check_writes_nothing_and_tells_what_is_left_out(having: Callable[[Cluster], Cluster]) -> None:
    left_out = "environment staging: was deleted in Flagsmith, and is left out."
    made = having(Cluster("superuser a@b.example: exists", left_out))
    assert check_keys(INSTANCE) == ([left_out], None)
    assert made.started[0][0] == "flagsmith-bootstrap-check"
    assert {"name": "BOOTSTRAP_CHECK", "value": "true"} in made.container["env"]


def test_a_check_tells_the_whole_refusal_however_long_it_is(having: Callable[[Cluster], Cluster]) -> None:
    keys = [f'      "environment-{number}": abc' for number in range(40)]
    having(Cluster("environment staging: is called live now", *REFUSAL, *keys, is_well=False))
    lines, refusal = check_keys(INSTANCE)
    assert lines == []
    assert refusal == "\n".join([REFUSAL[0].removeprefix("Nothing is changed: "), *REFUSAL[1:], *keys])


def test_a_check_that_fails_otherwise_is_no_refusal(having: Callable[[Cluster], Cluster]) -> None:
    having(Cluster("psycopg2.OperationalError: could not translate host name", is_well=False))
    with pytest.raises(FailedError, match="could not translate host name"):
        check_keys(INSTANCE)


def test_the_bootstrap_of_a_release_without_keys_would_write_for_good_and_is_not_asked(
    having: Callable[[Cluster], Cluster],
) -> None:
    made = Cluster()
    older = {"name": "BOOTSTRAP", "value": json.dumps({"organisation": "a", "project": "b", "environments": []})}
    made.job = {"spec": {"template": {"spec": {"containers": [{**made.deployed, "env": [older]}]}}}}
    having(made)
    assert check_keys(INSTANCE) == ([], None)
    assert made.started == []
