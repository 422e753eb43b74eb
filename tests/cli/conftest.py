"""Fixtures of the command's tests."""

from typing import Any

import pytest

from ops import target
from ops.deployer import EngineName
from ops.engine_choice import Choice
from tests.cli import fakes


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
