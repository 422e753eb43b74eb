"""A restore is the way back to an older release: what runs on the database is that release, down to the keys."""

from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from components.kit import names
from flagops.commands.db.backups.restore import restore
from flagops.errors import FailedError
from flagops.stacks.deployed import Instance
from flagops.stacks.files import load_stack
from tests.recording import ROOT

MODULE = "flagops.commands.db.backups.restore"
RESTORED = {"restored": "flagsmith-1", "rows": {"features": 3}}


@pytest.fixture
def images(monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    """By which image each step runs; everything else that a restore does is left out."""
    found: dict[str, str | None] = {}

    def step(name: str) -> Any:
        return lambda _instance, _on_line, *, image=None: found.update({name: image})

    monkeypatch.setattr(f"{MODULE}.migrate", step("migrate"))
    monkeypatch.setattr(f"{MODULE}.write_keys", step("keys"))
    monkeypatch.setattr(f"{MODULE}._name", lambda *_: "flagsmith-1")
    monkeypatch.setattr(f"{MODULE}.backup", lambda *_args, **_options: SimpleNamespace(name="flagsmith-0"))
    monkeypatch.setattr(f"{MODULE}.stopped", lambda *_: nullcontext())
    monkeypatch.setattr(f"{MODULE}.forget_given_up", lambda *_: None)
    monkeypatch.setattr(f"{MODULE}.jobs.require_backups", lambda _: None)
    monkeypatch.setattr(f"{MODULE}._replaced", lambda *_: RESTORED)
    monkeypatch.setattr(f"{MODULE}.roles.make", lambda *_: None)
    monkeypatch.setattr(f"{MODULE}.roles.grant", lambda *_: None)
    monkeypatch.setattr(f"{MODULE}.caches.flush", lambda *_: None)
    return found


def deployed(version: str, *, settings: str) -> Instance:
    stack = load_stack("local", ROOT)
    stack = replace(stack, config={**stack.config, "feature-flags:version": settings})
    live = {"metadata": {"labels": {names.VERSION: version}}}
    return cast("Instance", SimpleNamespace(stack=stack, settings=stack.settings, get=lambda *_: live))


@pytest.mark.parametrize(
    ("settings", "image"),
    [("2.264.0", "flagsmith/flagsmith:2.264.0"), ("2.265.0", None), ("2.266.0", None)],
)
def test_migration_and_keys_run_by_the_release_of_the_settings_where_that_is_the_older_one(
    images: dict[str, str | None], settings: str, image: str | None
) -> None:
    assert restore(deployed("2.265.0", settings=settings), "flagsmith-1").rows == 3
    assert images == {"migrate": image, "keys": image}


def test_keys_that_cannot_be_written_do_not_undo_a_restore(
    images: dict[str, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise FailedError("Nothing is changed: the Secrets are to hold the keys of staging")

    monkeypatch.setattr(f"{MODULE}.write_keys", refuse)
    said: list[str] = []
    assert restore(deployed("2.265.0", settings="2.264.0"), "flagsmith-1", on_line=said.append).name
    assert images == {"migrate": "flagsmith/flagsmith:2.264.0"}
    (line,) = (text for text in said if "The database is restored, but" in text)
    assert "the Secrets are to hold the keys of staging" in line
    assert "`ff keys adopt --stack local`, then `ff up --stack local`" in line
