"""Which project `ff` works on: found from the working directory upwards, or told, and never guessed."""

from pathlib import Path

import pytest

from components.settings import PROJECT
from flagops import project
from flagops.project import FILE, NAME, VARIABLE
from tests.flagops.cli.projects import OURS, Run, made, refused, stacks_of
from tests.recording import ROOT


def test_the_name_is_that_of_the_settings() -> None:
    assert NAME == PROJECT
    assert f"name: {NAME}\n" in (ROOT / FILE).read_text(encoding="utf-8")


@pytest.mark.parametrize("below", ["", "a", "a/b/c"])
def test_it_is_found_from_its_folder_and_from_each_below(
    below: str, run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made(home / "p", OURS, "blue") / below).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(home / "p" / below)
    assert stacks_of(run) == "blue"
    assert project.root() == home / "p"


def test_it_is_not_where_ff_is_installed(run: Run, home: Path) -> None:
    assert "There is no project here" in refused(run, "render", "--out", str(home / "out"))
    assert "\nGo to the project's folder, or name it: ff --project DIR …, or set FF_PROJECT." in refused(run, "env")
    assert f"neither {home} nor a folder above it has the Pulumi.yaml of feature-flags" in refused(run, "env")


def test_the_nearest_of_two_is_taken(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(home / "outer", OURS, "big")
    monkeypatch.chdir(made(home / "outer" / "inner", OURS, "small"))
    assert stacks_of(run) == "small"
    monkeypatch.chdir("..")
    assert stacks_of(run) == "big"


def test_what_is_told_wins_over_where_you_are_and_the_option_over_the_variable(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("here", "variable", "option"):
        made(home / name, OURS, name)
    monkeypatch.chdir(home / "here")
    assert stacks_of(run) == "here"
    monkeypatch.setenv(VARIABLE, str(home / "variable"))
    assert stacks_of(run) == "variable"
    assert stacks_of(run, "--project", str(home / "option")) == "option"
    assert stacks_of(run, "--project", "../option") == "option"
    assert stacks_of(run) == "variable", "an option holds for its own run"
    monkeypatch.setenv(VARIABLE, "../option")
    assert stacks_of(run) == "option"
    monkeypatch.setenv(VARIABLE, "")
    assert stacks_of(run) == "here"


def test_the_option_before_the_word_is_not_the_word_s_own(run: Run, home: Path) -> None:
    made(home / "p")
    result = run("--project", "p", "flags", "export", "--project", "Feature Flags", "--stack", "nowhere")
    assert "There is no stack 'nowhere'" in result.stderr


def test_it_is_looked_for_once_in_a_run_however_it_changes_directories(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made(home / "one"))
    made(home / "two")
    project.begin("../two")
    try:
        monkeypatch.chdir(home)
        assert project.root() == home / "two"
        monkeypatch.setenv(VARIABLE, "one")
        assert project.root() == home / "two"
    finally:
        project.end()
    assert project.root() == home / "one"


@pytest.mark.parametrize(
    "text",
    [
        "name: feature-flags\nruntime: python\n",
        "name: feature-flags\nruntime:\n  name: python\n  options: {virtualenv: .venv}\nmain: .\n",
        "# ours\nname: 'feature-flags'\nruntime: python\nmain: ./\ndescription: x\n",
    ],
)
def test_what_is_ours(text: str, run: Run, home: Path) -> None:
    made(home, text, "blue")
    assert stacks_of(run) == "blue"


# Links.


def test_a_link_into_a_project_leads_to_that_project_s_folders(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made(home / "p", OURS, "blue") / "below").mkdir()
    made(home / "other", OURS, "red")
    (home / "other" / "link").symlink_to(home / "p" / "below")
    monkeypatch.chdir(home / "other" / "link")
    assert stacks_of(run) == "blue", "as git has it: where the folder is, not how you came there"
    (home / "named").symlink_to(home / "p")
    assert stacks_of(run, "--project", str(home / "named")) == "blue"


def test_a_project_whose_file_is_a_link_is_where_the_link_is(run: Run, home: Path) -> None:
    made(home / "real", OURS, "red")
    made(home / "p", OURS, "blue")
    (home / "p" / FILE).unlink()
    (home / "p" / FILE).symlink_to(home / "real" / FILE)
    assert stacks_of(run, "--project", "p") == "blue"
