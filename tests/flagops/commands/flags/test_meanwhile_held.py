"""Holds that begin while an apply is at work: they keep their flag, and their tag."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from flagops.commands.flags.catalogue.load import load
from flagops.commands.flags.reconcile.apply.now import Now
from flagops.commands.flags.reconcile.holds import is_hold
from flagops.commands.flags.server.snapshot import RemoteFlag
from flagops.flagsmith_api.client import FlagsmithClient
from tests.flagops.commands.flags.support import EXAMPLE, Once, Project, Run, example
from tests.flagops.commands.flags.switching import FLAG, feature, set_flag, state, tags
from tests.flagops.commands.flags.test_meanwhile import before_writing, edited

STOPPED = 3
Apply = Callable[..., Result]


@pytest.fixture
def apply(server: Project, run: Run, tmp_path: Path) -> Apply:
    """`ff flags apply CATALOGUE`, with notes in a file."""

    def command(path: Path = EXAMPLE) -> Result:
        words = ("--url", server.url, "--notes", str(tmp_path / "notes.json"), "--yes")
        return run("flags", "apply", str(path), *words)

    return command


@pytest.fixture
def at_once(server: Project, apply: Apply, tmp_path: Path, once: Once) -> Project:
    """A project that has the example, on a server of the newest release."""
    return once(server, apply, tmp_path / "notes.json")


def hold(server: Project, tag: str) -> None:
    row = server.client.post("/api/v1/projects/1/tags/", {"label": tag, "color": "#fff"})
    flag = feature(server)
    server.client.patch(f"/api/v1/projects/1/features/{flag['id']}/", {"tags": [*flag["tags"], row["id"]]})


def described(text: str) -> str:
    before = load(EXAMPLE)[0].flags[FLAG].description.strip().splitlines()[0]
    assert before in text
    return text.replace(before, f"Anew, {before}", 1)


def test_a_hold_that_began_meanwhile_keeps_its_tag_and_its_flag(
    at_once: Project, apply: Apply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = edited(tmp_path, described)
    with monkeypatch.context() as patched:
        before_writing(patched, lambda: hold(at_once, "ff-hold-until-2999-01-01"))
        done = apply(path)
    assert done.exit_code == STOPPED, done.stderr
    assert "held by the tag ff-hold-until-2999-01-01" in done.stderr
    assert state(at_once)["enabled"] is False
    assert not feature(at_once)["description"].startswith("Anew")
    next_one = apply(path)
    assert next_one.exit_code == 0, "held, and no conflict"
    assert "is held until 2999-01-02" in next_one.stderr


def test_the_tag_of_a_hold_that_is_over_goes_as_a_step_of_its_own(
    at_once: Project, apply: Apply, tmp_path: Path
) -> None:
    hold(at_once, "ff-hold-until-2001-01-01")
    done = apply(edited(tmp_path, described))
    assert done.exit_code == 0, done.stderr
    assert "it has ended; the tag ff-hold-until-2001-01-01 goes" in done.stderr
    assert feature(at_once)["description"].startswith("Anew")
    labels = [row["label"] for row in at_once.client.pages("/api/v1/projects/1/tags/")]
    assert "ff-hold-until-2001-01-01" not in labels


@pytest.mark.parametrize("is_retagged", [False, True], ids=["its description changes", "its tags change"])
def test_a_hold_between_reading_and_writing_a_flag_s_tags_is_not_lost(
    at_once: Project, apply: Apply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_retagged: bool
) -> None:
    tag, patch_flag = "ff-hold-until-2999-01-01T00:00Z", Now.patch_flag

    def patching(self: Now, read: RemoteFlag, *rest: Any) -> None:
        if read.name == FLAG:
            held = dict(at_once.client.post("/api/v1/projects/1/tags/", held_by(tag)))
            now = feature(at_once)
            path = f"/api/v1/projects/1/features/{now['id']}/"
            at_once.client.patch(path, {"tags": [*now["tags"], held["id"]]})
        patch_flag(self, read, *rest)

    def edit(text: str) -> str:
        if not is_retagged:
            return described(text)
        flag = text.index(f"  {FLAG}:")
        at = text.index("    tags: [", flag)
        return f"{text[:at]}    tags: [fresh, {text[at + 11 :]}"

    path = example(tmp_path, edit)
    with monkeypatch.context() as patched:
        patched.setattr(Now, "patch_flag", patching)
        done = apply(path)
    assert tag in tags(at_once)
    assert done.exit_code == (STOPPED if is_retagged else 0), done.stderr
    assert (f"held by the tag {tag}" in done.stderr) is is_retagged
    assert "is held until 2999-01-01" in apply(path).stderr


def held_by(tag: str) -> dict[str, str]:
    """A hold's tag as `ff flags set` makes it."""
    return {"label": tag, "color": "#fff", "description": f"{FLAG} off in production: matches are late"}


def test_a_hold_whose_tag_an_apply_took_away_is_given_back(
    at_once: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run wrote the tags as it had read them, right after the hold began."""
    patch = FlagsmithClient.patch
    path = f"/api/v1/projects/1/features/{feature(at_once)['id']}/"
    before = feature(at_once)["tags"]
    taken: list[Any] = []

    def patching(self: FlagsmithClient, where: str, body: object) -> Any:
        found = patch(self, where, body)
        if where == path and not taken:
            taken.append(patch(self, path, {"tags": before}))
        return found

    monkeypatch.setattr(FlagsmithClient, "patch", patching)
    done = set_flag(run, at_once, FLAG, "--off", "-e", "production", "--hold", "1h")
    assert done.exit_code == 0, done.stderr
    assert taken
    assert any(map(is_hold, tags(at_once)))
