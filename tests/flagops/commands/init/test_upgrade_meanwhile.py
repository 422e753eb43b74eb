"""Who edits a file while `ff init --upgrade` waits for an answer keeps the edit."""

from pathlib import Path
from typing import Any

import pytest

from tests.flagops.commands.init import test_upgrade
from tests.flagops.commands.init.support import Run, content
from tests.flagops.commands.init.test_upgrade import MINIMAL, edit, raised

place, newer = test_upgrade.place, test_upgrade.newer
EDITED = "Pulumi.staging.yaml"
LOOKED_AT = (".gitignore", "Pulumi.local.yaml", "new.txt", EDITED, f"{EDITED}.ff-new", "requirements.txt")


@pytest.fixture
def changed(place: Path, newer: Path) -> Path:
    """A project of which each kind of change is shown."""
    edit(place / EDITED, "size: small", "size: medium")
    edit(newer / MINIMAL / f"{EDITED}.j2", "size: small", "size: small\n  # newer")
    edit(newer / MINIMAL / "dot_gitignore.j2", "/out/\n", "/out/\n/more/\n")
    (newer / MINIMAL / "Pulumi.local.yaml.j2").unlink()
    (newer / MINIMAL / "new.txt.j2").write_text("theirs\n", encoding="utf-8")
    return place


def answered(monkeypatch: pytest.MonkeyPatch, path: Path, old: str = "", new: str = "mine\n") -> None:
    """The question is answered with yes, after an edit."""

    def after_an_edit(*_: Any, **__: Any) -> None:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        assert old in text
        path.write_text(text.replace(old, new) if old else text + new, encoding="utf-8")

    monkeypatch.setattr("flagops.commands.init.command.agree", after_an_edit)


def told(run: Run, place: Path) -> tuple[str, set[str]]:
    """What the refusal says, and which files are not as before."""
    before = content(place)
    said = raised(run, place, code=1).stderr
    after = content(place)
    return said, {name for name in {*before, *after} if before.get(name) != after.get(name)}


@pytest.mark.parametrize("name", LOOKED_AT)
def test_an_edit_while_it_asks_is_not_written_over(
    name: str, run: Run, changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(monkeypatch, changed / name)
    said, others = told(run, changed)
    assert f"Error: Edited since it was shown: {name}. Nothing was changed." in said
    assert others == {name}


def test_an_answer_that_is_changed_while_it_asks_stays(
    run: Run, changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(monkeypatch, changed / ".ff-init.yaml", "cloud: none", "cloud: aws")
    said, others = told(run, changed)
    assert "Error: Edited since it was shown: .ff-init.yaml. Nothing was changed." in said
    assert others == {".ff-init.yaml"}


def test_what_the_upgrade_does_not_touch_may_be_edited_meanwhile(
    run: Run, changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(monkeypatch, changed / "flags" / "catalogue.yaml")
    raised(run, changed)
    assert (changed / "flags" / "catalogue.yaml").read_text(encoding="utf-8").endswith("mine\n")
    assert (changed / "new.txt").exists()
