"""Another release of the platform: what it changes is shown, and nobody's edit is written over."""

import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import Result

from flagops import pin
from flagops.commands.init import files, record, source, upgrade
from flagops.version import release
from tests.flagops.commands.init.support import Run, content, made

NEWER = "99.0.0"
OLD_PIN = f"feature-flags @ git+https://example.com/flags@v{release()}"
NEW_PIN = f"feature-flags @ git+https://example.com/flags@v{NEWER}"
MINIMAL = "project/minimal"


@pytest.fixture
def place(run: Run, tmp_path: Path) -> Path:
    """A project of this release."""
    made(run, tmp_path / "p", "--platform", OLD_PIN)
    return tmp_path / "p"


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The templates of a newer release, to be changed."""
    templates = tmp_path / "templates"
    shutil.copytree(files.TEMPLATES, templates)
    monkeypatch.setattr(files, "TEMPLATES", templates)
    for module in (pin, record, source):
        monkeypatch.setattr(module, "release", lambda: NEWER)
    monkeypatch.setattr("flagops.version.release", lambda: NEWER)
    return templates


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def raised(run: Run, place: Path, *options: str, code: int = 0) -> Result:
    result = run("init", str(place), "--upgrade", "--platform", NEW_PIN, *options)
    assert result.exit_code == code, result.stderr
    return result


def test_of_the_same_release_nothing_changes(run: Run, place: Path) -> None:
    before = content(place)
    result = run("init", str(place), "--upgrade", "--platform", OLD_PIN)
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"Nothing changes: the project is of {release()}." in result.stderr
    assert content(place) == before


def test_what_nobody_edited_is_brought_to_the_release_once_it_was_shown(run: Run, place: Path, newer: Path) -> None:
    edit(newer / MINIMAL / "dot_gitignore.j2", "/out/\n", "/out/\n/more/\n")
    (newer / MINIMAL / "new.txt.j2").write_text("[[ a.host ]]\n", encoding="utf-8")
    before = content(place)
    result = raised(run, place, code=1)
    assert "Changing the project needs a confirmation" in result.stderr
    assert content(place) == before
    assert ".gitignore changes." in result.stdout
    assert "+/more/" in result.stdout
    assert f"-{OLD_PIN}\n+{NEW_PIN}" in result.stdout
    assert "new.txt is new." in result.stdout

    result = raised(run, place, "--yes")
    assert "/more/" in (place / ".gitignore").read_text(encoding="utf-8")
    assert (place / "new.txt").read_text(encoding="utf-8") == "flags.example.com\n"
    assert NEW_PIN in (place / "requirements.txt").read_text(encoding="utf-8")
    assert yaml.safe_load((place / ".ff-init.yaml").read_text("utf-8"))["release"] == NEWER
    assert f"Nothing changes: the project is of {NEWER}." in raised(run, place).stderr


def test_an_edit_is_left_and_the_new_text_lies_beside_it(run: Run, place: Path, newer: Path) -> None:
    edit(place / "Pulumi.staging.yaml", "size: small", "size: medium")
    edit(place / "flags" / "catalogue.yaml", "web-team", "design-team")
    mine = {name: (place / name).read_bytes() for name in ("Pulumi.staging.yaml", "flags/catalogue.yaml")}
    edit(newer / MINIMAL / "Pulumi.staging.yaml.j2", "size: small", "size: small\n  feature-flags:telemetry: false")
    result = raised(run, place, "--yes")
    assert "Pulumi.staging.yaml is yours, or has your edits: it is left; the new text goes beside it" in result.stdout
    assert "+  feature-flags:telemetry: false" in result.stdout
    assert "catalogue.yaml" not in result.stdout, "what the release does not change is not shown"
    assert mine == {name: (place / name).read_bytes() for name in mine}
    assert "telemetry: false" in (place / "Pulumi.staging.yaml.ff-new").read_text(encoding="utf-8")
    assert "Nothing changes" in raised(run, place).stderr, "said once"


def test_a_text_beside_a_file_is_renewed_until_somebody_works_on_it(run: Run, place: Path, newer: Path) -> None:
    edit(place / "Pulumi.staging.yaml", "size: small", "size: medium")
    beside = place / "Pulumi.staging.yaml.ff-new"
    for number in (1, 2):
        edit(newer / MINIMAL / "Pulumi.staging.yaml.j2", "size: small", f"size: small\n  # {number}")
        raised(run, place, "--yes")
        assert f"# {number}\n" in beside.read_text(encoding="utf-8")
    edit(beside, "# 2", "# mine")
    edit(newer / MINIMAL / "Pulumi.staging.yaml.j2", "size: small", "size: small\n  # 3")
    edit(newer / MINIMAL / "dot_gitignore.j2", "/out/\n", "/out/\n/more/\n")
    before = content(place)
    said = raised(run, place, "--yes", code=1).stderr
    assert "Error: Pulumi.staging.yaml.ff-new is not as ff init wrote it, and the release's text would" in said
    assert content(place) == before
    beside.unlink()
    raised(run, place, "--yes")
    assert "# 3\n" in beside.read_text(encoding="utf-8")


def test_other_lines_of_the_requirements_stay(run: Run, place: Path, newer: Path) -> None:  # noqa: ARG001
    path = place / "requirements.txt"
    path.write_text(f"# ours\npulumi-aws==7.0.0\n{OLD_PIN}  # the platform\nfeature-flags-co==1\n", encoding="utf-8")
    result = raised(run, place, "--yes")
    assert "requirements.txt changes." in result.stdout
    assert path.read_text(encoding="utf-8") == f"# ours\npulumi-aws==7.0.0\n{NEW_PIN}\nfeature-flags-co==1\n"
    assert not (place / "requirements.txt.ff-new").exists()
    assert "Nothing changes" in raised(run, place).stderr


def test_the_hashes_of_the_former_release_go_with_it(run: Run, place: Path, newer: Path) -> None:  # noqa: ARG001
    path = place / "requirements.txt"
    path.write_text(
        f"{OLD_PIN} \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\na==1 \\\n    --hash=sha256:22\n", "utf-8"
    )
    raised(run, place, "--yes")
    assert path.read_text(encoding="utf-8") == f"{NEW_PIN}\na==1 \\\n    --hash=sha256:22\n"


def test_who_raised_the_release_by_hand_sees_what_else_changes(run: Run, place: Path, newer: Path) -> None:
    edit(place / "requirements.txt", OLD_PIN, NEW_PIN)
    edit(newer / MINIMAL / "dot_gitignore.j2", "/out/\n", "/out/\n/more/\n")
    result = raised(run, place, "--yes")
    assert [line for line in result.stdout.splitlines() if line.endswith(" changes.")] == [".gitignore changes."]


def test_what_somebody_deleted_stays_away(run: Run, place: Path, newer: Path) -> None:
    (place / ".github" / "workflows" / "deploy.yml").unlink()
    edit(newer / "github/minimal/dot_github/workflows/deploy.yml.j2", "name: Deploy\n", "name: Deploy all\n")
    assert "deploy.yml changes, but you deleted it: it stays away." in raised(run, place, "--yes").stdout
    assert not (place / ".github" / "workflows" / "deploy.yml").exists()
    assert "Nothing changes" in raised(run, place).stderr


def test_a_file_of_the_project_s_own_in_the_place_of_a_new_one_is_left(run: Run, place: Path, newer: Path) -> None:
    (place / "new.txt").write_text("mine\n", encoding="utf-8")
    (newer / MINIMAL / "new.txt.j2").write_text("theirs\n", encoding="utf-8")
    assert "new.txt is yours, or has your edits: it is left" in raised(run, place, "--yes").stdout
    assert (place / "new.txt").read_text(encoding="utf-8") == "mine\n"
    assert (place / "new.txt.ff-new").read_text(encoding="utf-8") == "theirs\n"


def test_what_a_release_has_no_more_goes_unless_it_was_edited(run: Run, place: Path, newer: Path) -> None:
    (newer / MINIMAL / "dot_gitignore.j2").unlink()
    (newer / MINIMAL / "Pulumi.local.yaml.j2").unlink()
    edit(place / "Pulumi.local.yaml", "size: local", "size: small")
    result = raised(run, place, "--yes")
    assert ".gitignore goes." in result.stdout
    assert "Pulumi.local.yaml is no longer part of a project, has your edits and is left." in result.stdout
    assert not (place / ".gitignore").exists()
    assert (place / "Pulumi.local.yaml").exists()


def test_another_answer_in_the_record_shows_what_follows(run: Run, place: Path) -> None:
    edit(place / ".ff-init.yaml", "cloud: none", "cloud: aws")
    result = run("init", str(place), "--upgrade", "--platform", OLD_PIN, "--yes")
    assert result.exit_code == 0, result.stderr
    assert "aws-actions/configure-aws-credentials@" in (place / ".github/actions/log-in/action.yml").read_text("utf-8")


def test_a_run_that_was_broken_off_is_run_again(
    run: Run, place: Path, newer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(newer / MINIMAL / "dot_gitignore.j2", "/out/\n", "/out/\n/more/\n")
    replace = upgrade._replace

    def full(path: Path, wanted: bytes) -> None:
        if path.name == "requirements.txt":
            raise OSError(28, "No space left on device", str(path))
        replace(path, wanted)

    monkeypatch.setattr(upgrade, "_replace", full)
    result = raised(run, place, "--yes", code=1)
    assert f"Error: {place / 'requirements.txt'} cannot be written: No space left on device." in result.stderr
    monkeypatch.setattr(upgrade, "_replace", replace)
    result = raised(run, place, "--yes")
    assert "requirements.txt changes." in result.stdout
    assert ".gitignore" not in result.stdout
    assert "Nothing changes" in raised(run, place).stderr


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("release: ", "release: [", "cannot be read"),
        ("host: flags.example.com", "host: none", "answers.host is wrong: must be a DNS name"),
        ("template: minimal", "template: huge", "answers.template is wrong"),
        ("files:\n", "files:\n  ../outside: 00\n", "must be a path within the project"),
        ("files:\n", "files:\n  /etc/outside: 00\n", "must be a path within the project"),
        ("release: ", "unknown: 1\nrelease: ", "unknown is wrong"),
    ],
)
def test_a_broken_record_is_told(old: str, new: str, said: str, run: Run, place: Path) -> None:
    edit(place / ".ff-init.yaml", old, new)
    before = content(place)
    result = raised(run, place, "--yes", code=1)
    assert said in result.stderr
    assert result.stderr.count("Error: ") == 1
    assert content(place) == before


def test_a_project_of_somebody_else_s_making_is_refused(run: Run, tmp_path: Path) -> None:
    result = run("init", str(tmp_path), "--upgrade", "--yes")
    assert result.exit_code == 1
    assert f"Error: {tmp_path} has no .ff-init.yaml, so that it was not made by ff init." in result.stderr


def test_a_newer_project_is_refused(run: Run, place: Path) -> None:
    edit(place / ".ff-init.yaml", f"release: {release()}", "release: 100.0.0")
    assert "The project is of 100.0.0, which is newer than this ff" in raised(run, place, "--yes", code=1).stderr


def test_a_link_stays_one(run: Run, place: Path, newer: Path) -> None:
    edit(newer / MINIMAL / "dot_gitignore.j2", "/out/\n", "/out/\n/more/\n")
    (place / ".gitignore").rename(place / "shared")
    (place / ".gitignore").symlink_to("shared")
    raised(run, place, "--yes")
    assert (place / ".gitignore").is_symlink()
    assert "/more/" in (place / "shared").read_text(encoding="utf-8")


def test_a_project_that_was_raised_by_hand_is_not_lowered(run: Run, place: Path, newer: Path) -> None:  # noqa: ARG001
    edit(place / "requirements.txt", f"@v{release()}", "@v100.0.0")
    before = content(place)
    assert "The project is of 100.0.0, which is newer than this ff" in raised(run, place, "--yes", code=1).stderr
    assert content(place) == before


def test_answers_are_not_given_twice(run: Run, place: Path) -> None:
    result = raised(run, place, "--host", "other.example.com", "--ci", "gitlab", code=1)
    assert "Error: With --upgrade there is no --host, --ci: the answers are in .ff-init.yaml." in result.stderr
