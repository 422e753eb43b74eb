"""Fixtures of the command's tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flagops.engines.choice import Choice
from flagops.engines.deployer import EngineName
from flagops.project import VARIABLE
from flagops.stacks import target
from tests.everywhere import replace_everywhere
from tests.fake_cluster import FakeCluster, fake_cluster
from tests.flagops.cli import fakes
from tests.flagops.cli.machine import Machine, namespace


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> fakes.FakeDeployer:
    """A fake engine behind every command; the stack's name is whatever the command is given."""
    fake = fakes.FakeDeployer()

    def deployer(_target: Any, _engine: Any, on_event: Any, **_: Any) -> fakes.FakeDeployer:
        fake.on_event = on_event
        return fake

    monkeypatch.setattr(target, "find", fakes.target)
    choice = Choice(EngineName.DIRECT, "a reason")
    replace_everywhere(monkeypatch, "flagops.engines.for_stack.choose_engine", lambda *_, **__: choice)
    replace_everywhere(monkeypatch, "flagops.engines.for_stack.deployer", deployer)
    monkeypatch.setattr("flagops.engines.older.refuse_older", lambda _: None)
    monkeypatch.setattr("flagops.commands.deploy.command._start_stopped", lambda _: None)
    return fake


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with fake_cluster() as made:
        yield made


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The machine, with a stack on record whose namespace is `the-namespace`."""
    made = Machine(tmp_path, monkeypatch)
    made.recorded(namespace())
    return made


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory outside of any project, in which the test is."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path
