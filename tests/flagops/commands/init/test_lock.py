"""The platform's own packages, at the versions of its release: for each project, and renewed with it."""

import re
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from flagops.commands.init import lock
from flagops.commands.init.record import digest
from tests.flagops.commands.init.support import SOURCE, Run, made
from tests.flagops.commands.init.test_upgrade import OLD_PIN
from tests.recording import ROOT

OLDER = "pulumi==3.200.0"


@pytest.fixture
def place(run: Run, tmp_path: Path) -> Path:
    made(run, tmp_path / "p", "--platform", OLD_PIN)
    return tmp_path / "p"


def versions(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE))


def test_a_project_has_the_versions_of_the_release_and_their_hashes(place: Path) -> None:
    wanted = versions((ROOT / "requirements.txt").read_text("utf-8"))
    assert {"pulumi", "pulumi-kubernetes", "colorama"} <= set(wanted)
    hashed, plain = ((place / name).read_text("utf-8") for name in (lock.HASHED, lock.VERSIONS))
    assert versions(hashed) == versions(plain) == wanted
    entries = [entry for entry in re.split(r"\n(?=[\w-])", hashed.split("\n", 2)[2]) if entry.strip()]
    assert len(entries) == len(wanted)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "colorama==" in plain
    assert plain.count("sys_platform == 'win32'") == 1, "what is for one system is for it alone"
    assert "://" not in hashed + plain, "no address of an index"


def test_the_requirements_are_bound_to_them_in_words_that_installers_read(place: Path) -> None:
    assert (place / "requirements.txt").read_text("utf-8").splitlines()[1:] == ["--constraint constraints.txt", OLD_PIN]
    lines = [line for line in (place / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    asked = [Requirement(line) for line in lines]
    assert len(asked) > 50
    assert [str(one) for one in asked if [pin.operator for pin in one.specifier] != ["=="]] == []


def before(place: Path) -> None:
    """As a release before wrote it, with other packages."""
    for name in (lock.HASHED, lock.VERSIONS):
        path, record = place / name, place / ".ff-init.yaml"
        content = yaml.safe_load(record.read_text("utf-8"))
        text = re.sub(r"^pulumi==[^\s\\]+", OLDER, path.read_text("utf-8"), flags=re.MULTILINE)
        path.write_text(text, encoding="utf-8")
        content["files"][name] = digest(path.read_bytes())
        record.write_text(yaml.safe_dump(content), encoding="utf-8")


def test_an_upgrade_raises_them_and_shows_versions_and_no_hashes(run: Run, place: Path) -> None:
    before(place)
    result = run("init", str(place), "--upgrade", "--platform", OLD_PIN, "--yes")
    assert result.exit_code == 0, result.stderr
    assert f"-{OLDER}" in result.stdout
    assert f"+pulumi=={lock.version_of('pulumi')}" in result.stdout
    assert "--hash" not in result.stdout
    assert lock.files()[lock.HASHED] == (place / lock.HASHED).read_bytes()
    assert lock.files()[lock.VERSIONS] == (place / lock.VERSIONS).read_bytes()


def test_where_hashes_alone_differ_that_is_said(run: Run, place: Path) -> None:
    path, record = place / lock.HASHED, place / ".ff-init.yaml"
    path.write_bytes(re.sub(rb"sha256:[0-9a-f]{64}", b"sha256:" + b"0" * 64, path.read_bytes(), count=1))
    kept = yaml.safe_load(record.read_text("utf-8"))
    kept["files"][lock.HASHED] = digest(path.read_bytes())
    record.write_text(yaml.safe_dump(kept), encoding="utf-8")
    result = run("init", str(place), "--upgrade", "--platform", OLD_PIN, "--yes")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "requirements.lock changes.\nWhat differs in it are hashes, or it is no text.\n"


def without(place: Path) -> None:
    """As a release that had none wrote it, with a package more."""
    record = place / ".ff-init.yaml"
    content = yaml.safe_load(record.read_text("utf-8"))
    for name in (lock.HASHED, lock.VERSIONS):
        (place / name).unlink()
        del content["files"][name]
    record.write_text(yaml.safe_dump(content), encoding="utf-8")
    (place / "requirements.txt").write_text(f"pulumi-aws==7.0.0\n{OLD_PIN}\n", encoding="utf-8")


def test_a_project_of_a_release_without_them_is_bound_whatever_else_it_requires(run: Run, place: Path) -> None:
    without(place)
    result = run("init", str(place), "--upgrade", "--platform", SOURCE, "--yes")
    assert result.exit_code == 0, result.stderr
    text = (place / "requirements.txt").read_text("utf-8")
    assert text == f"--constraint constraints.txt\npulumi-aws==7.0.0\n{SOURCE}\n"
    assert "constraints.txt is new." in result.stdout
    assert "was tested with" not in result.stderr
    # Whoever takes the line out again is left alone.
    (place / "requirements.txt").write_text(text.partition("\n")[2], encoding="utf-8")
    assert "Nothing changes" in run("init", str(place), "--upgrade", "--platform", SOURCE).stderr


def test_after_a_kill_behind_the_versions_the_requirements_are_bound_too(run: Run, place: Path) -> None:
    without(place)
    (place / lock.VERSIONS).write_bytes(lock.files()[lock.VERSIONS])
    assert run("init", str(place), "--upgrade", "--platform", SOURCE, "--yes").exit_code == 0
    assert (place / "requirements.txt").read_text("utf-8").startswith("--constraint constraints.txt\n")


def test_versions_of_the_project_s_own_are_left_and_bind_nothing(run: Run, place: Path) -> None:
    without(place)
    (place / lock.VERSIONS).write_text("pulumi-aws==7.0.0\n", encoding="utf-8")
    result = run("init", str(place), "--upgrade", "--platform", SOURCE, "--yes")
    assert result.exit_code == 0, result.stderr
    assert "constraints.txt is yours, or has your edits: it is left;" in result.stdout
    assert "Take them over into constraints.txt before you install" in result.stderr
    assert (place / lock.VERSIONS).read_text("utf-8") == "pulumi-aws==7.0.0\n"
    assert (place / "requirements.txt").read_text("utf-8") == f"pulumi-aws==7.0.0\n{SOURCE}\n"


def test_nor_do_they_bind_requirements_that_nobody_has_edited(run: Run, place: Path) -> None:
    without(place)
    written, record = place / "requirements.txt", place / ".ff-init.yaml"
    written.write_text(f"{OLD_PIN}\n", encoding="utf-8")
    kept = yaml.safe_load(record.read_text("utf-8"))
    kept["files"]["requirements.txt"] = digest(written.read_bytes())
    record.write_text(yaml.safe_dump(kept), encoding="utf-8")
    (place / lock.VERSIONS).write_text("pulumi-aws==7.0.0\n", encoding="utf-8")
    for _ in range(2):
        result = run("init", str(place), "--upgrade", "--platform", SOURCE, "--yes")
        assert result.exit_code == 0, result.stderr
        assert written.read_text("utf-8") == f"{SOURCE}\n"


def test_who_edited_the_versions_hears_that_the_release_has_others(run: Run, place: Path) -> None:
    before(place)
    with (place / lock.VERSIONS).open("a", encoding="utf-8") as mine:
        mine.write("pulumi-aws==7.0.0\n")
    result = run("init", str(place), "--upgrade", "--platform", OLD_PIN, "--yes")
    assert result.exit_code == 0, result.stderr
    assert "Take them over into constraints.txt before you install" in result.stderr
    assert OLDER in (place / lock.VERSIONS).read_text("utf-8")
    assert (place / "constraints.txt.ff-new").read_bytes() == lock.files()[lock.VERSIONS]
