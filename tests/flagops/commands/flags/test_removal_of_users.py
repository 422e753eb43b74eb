"""What single users have of a flag goes with it: that is said before, and what they got meanwhile keeps the flag."""

from pathlib import Path

import pytest

from tests.flagops.commands.flags.support import Project, Run
from tests.flagops.commands.flags.switching import on_for_user
from tests.flagops.commands.flags.test_first_apply import written
from tests.flagops.commands.flags.test_removal import KEPT, STOPPED, Apply, apply, before_removal, both, names

__all__ = ["apply", "both"]


def test_deleting_says_which_single_users_lose_it(both: Project, apply: Apply, run: Run, tmp_path: Path) -> None:
    on_for_user(both, "old", "production")
    path, notes = str(written(tmp_path, KEPT)), str(tmp_path / "notes.json")
    words = ("flags", "plan", path, "--url", both.url, "--notes", notes)
    said = "flag old takes the override of one user with it in production, on for 1"
    assert said in run(*words, "--delete").stdout
    assert said in run(*words, "--delete", "--markdown").stdout
    assert "override of one user" not in run(*words).stdout, "an archived flag keeps them"
    done = apply(KEPT, "--delete")
    assert said in done.stderr
    assert "old" not in names(both)


def test_a_single_user_who_got_a_flag_meanwhile_keeps_it(
    both: Project, apply: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        before_removal(patched, lambda: on_for_user(both, "old", "production"))
        done = apply(KEPT, "--delete")
    assert done.exit_code == STOPPED, done.stderr
    assert "an override of a single user more in production" in done.stderr
    assert "old" in names(both)
