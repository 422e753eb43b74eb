"""Fixtures of the command's tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ops import console, target
from ops.cli import app
from ops.deployer import EngineName
from ops.engine_choice import Choice
from tests.cli import fakes


@pytest.fixture
def run() -> Iterator[Callable[..., Result]]:
    """Run `ff` with these arguments in this process."""

    def invoke(*arguments: str) -> Result:
        # The consoles are shared and hold on to the streams of the run in which they were first used.
        console.progress.cache_clear()
        console.output.cache_clear()
        return CliRunner(env={"COLUMNS": "400"}).invoke(app, arguments, catch_exceptions=False)

    yield invoke
    console.progress.cache_clear()
    console.output.cache_clear()


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> fakes.FakeDeployer:
    """A fake engine behind every command; the stack's name is whatever the command is given."""
    fake = fakes.FakeDeployer()

    def deployer(_target: Any, _engine: Any, on_event: Any, **_: Any) -> fakes.FakeDeployer:
        fake.on_event = on_event
        return fake

    monkeypatch.setattr(target, "find", fakes.target)
    monkeypatch.setattr(target, "choose_engine", lambda *_, **__: Choice(EngineName.DIRECT, "a reason"))
    monkeypatch.setattr(target, "deployer", deployer)
    return fake
