"""`ff` evaluates a project only with the components that the project has: it would render something else in silence."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from flagops.errors import RefusedError
from flagops.evaluation.own_code import refuse_other_code
from flagops.project import VARIABLE
from flagops.version import release
from tests.recording import ROOT

Run = Callable[..., Result]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Another clone of the project."""
    skipped = shutil.ignore_patterns(".venv", "__pycache__")
    for name in ("components", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=skipped)
    for path in (ROOT / "__main__.py", ROOT / "Pulumi.yaml", ROOT / "Pulumi.staging.yaml"):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_a_clone_of_the_same_commit_is_evaluated(clone: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (clone / "policies" / "custom" / "mine.py").write_text("RULES = []\n", encoding="utf-8")
    (clone / "policies" / ".venv").mkdir()
    (clone / "policies" / ".venv" / "other.py").touch()
    (clone / "components" / "__pycache__").mkdir()
    (clone / "components" / "notes.txt").touch()
    (clone / "below").mkdir()
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(clone / "below")
    result = run("render", "--stack", "staging", "--out", "out")
    assert result.exit_code == 0, result.stderr
    assert (clone / "below" / "out" / "kustomization.yaml").is_file(), "what is typed counts from the working directory"


def test_the_exceptions_of_the_project_are_annotated(clone: Path, run: Run) -> None:
    text = (
        "exceptions:\n- scanner: kube-score\n  checks: [mine]\n  reason: why\n  objects: [Deployment/flagsmith-redis]\n"
    )
    (clone / "policies" / "exceptions.yaml").write_text(text, encoding="utf-8")
    result = run("--project", str(clone), "render", "--stack", "staging", "--out", str(clone / "out"))
    assert result.exit_code == 0, result.stderr
    written = "".join(path.read_text(encoding="utf-8") for path in (clone / "out").glob("*.yaml"))
    assert "kube-score/ignore: mine" in written
    assert "checkov.io/skip" not in written


@pytest.mark.parametrize("name", ["components/kit/names.py", "components/postgres/in_pod/start-postgres.sh"])
def test_a_changed_program_is_refused_with_the_way_out(name: str, clone: Path, run: Run) -> None:
    path = clone / name
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    result = run("--project", str(clone), "render", "--stack", "staging", "--out", str(clone / "out"))
    assert result.exit_code == 1
    assert (
        f"Error: The program of {clone} is not the one that this ff has: {name} differs from that of" in result.stderr
    )
    assert f"Run the project's own: {clone}/.venv/bin/ff" in result.stderr
    assert not (clone / "out").exists()


def test_a_file_that_one_of_them_lacks_is_a_difference(clone: Path) -> None:
    refuse_other_code(clone)
    (clone / "policies" / "rules" / "more.py").touch()
    with pytest.raises(RefusedError, match=r"policies/rules/more\.py differs"):
        refuse_other_code(clone)
    (clone / "policies" / "rules" / "more.py").unlink()
    (clone / "components" / "platform.py").unlink()
    with pytest.raises(RefusedError, match=r"components/platform\.py differs"):
        refuse_other_code(clone)


def test_a_project_without_packages_takes_those_that_are_installed(tmp_path: Path) -> None:
    refuse_other_code(tmp_path)
    (tmp_path / "components").symlink_to(ROOT / "components")
    refuse_other_code(tmp_path)


# A project without a program of its own: the release of its requirements decides.


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A project that takes the program of this package."""
    for path in (ROOT / "Pulumi.yaml", ROOT / "Pulumi.staging.yaml"):
        shutil.copy(path, tmp_path)
    (tmp_path / "__main__.py").write_text("from flagops.program import run\n\nrun()\n", encoding="utf-8")
    return tmp_path


def test_a_project_of_two_lines_renders_what_the_program_does(bare: Path, run: Run) -> None:
    (bare / "requirements.txt").write_text(f"feature-flags=={release()}\n", encoding="utf-8")
    (bare / "policies" / "custom").mkdir(parents=True)
    written = []
    for place in (bare, ROOT):
        result = run("--project", str(place), "render", "--stack", "staging", "--out", str(bare / "out" / place.name))
        assert result.exit_code == 0, result.stderr
        written.append({path.name: path.read_bytes() for path in (bare / "out" / place.name).iterdir()})
    assert written[0] == written[1]
    assert len(written[0]) > 10


@pytest.mark.parametrize(
    ("requirement", "named"),
    [
        ("feature-flags==99.1", "99.1"),
        ("feature-flags @ git+https://github.com/footanalytics/feature-flags@v99.1.0", "99.1.0"),
        ("./vendor/feature_flags-99.1.0-py3-none-any.whl", "99.1.0"),
    ],
)
def test_a_project_of_another_release_is_refused_with_the_way_out(
    requirement: str, named: str, bare: Path, run: Run
) -> None:
    (bare / "requirements.txt").write_text(f"{requirement}\nother==1\n", encoding="utf-8")
    result = run("--project", str(bare), "render", "--stack", "staging", "--out", str(bare / "out"))
    assert result.exit_code == 1
    said = f"Error: The project in {bare} is of {named} (its requirements.txt), and this command is {release()}"
    assert said in result.stderr
    assert f"Run the project's own: {bare}/.venv/bin/ff" in result.stderr
    assert "ff init --upgrade" in result.stderr
    assert not (bare / "out").exists()


def test_a_project_of_a_commit_takes_the_ff_that_was_built_from_it(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "feature-flags @ git+https://github.com/footanalytics/feature-flags@0123456789abcdef0123456789abcdef01234567"
    (bare / "requirements.txt").write_text(text, encoding="utf-8")
    refuse_other_code(bare)  # a checkout does not say what it was built from
    monkeypatch.setattr("flagops.pin.commit", lambda: "0123456789ab")
    refuse_other_code(bare)
    monkeypatch.setattr("flagops.pin.commit", lambda: "ffffffffffff")
    with pytest.raises(RefusedError, match="is of commit 0123456789ab"):
        refuse_other_code(bare)


def test_the_exceptions_of_a_project_without_rules_add_to_those_of_the_rules(bare: Path, run: Run) -> None:
    text = (
        "exceptions:\n- scanner: kube-score\n  checks: [mine]\n  reason: why\n  objects: [Deployment/flagsmith-redis]\n"
    )
    (bare / "policies").mkdir()
    (bare / "policies" / "exceptions.yaml").write_text(text, encoding="utf-8")
    result = run("--project", str(bare), "render", "--stack", "staging", "--out", str(bare / "out"))
    assert result.exit_code == 0, result.stderr
    written = "".join(path.read_text(encoding="utf-8") for path in (bare / "out").glob("*.yaml"))
    assert re.search("kube-score/ignore: .*mine", written)
    assert "checkov.io/skip" in written
