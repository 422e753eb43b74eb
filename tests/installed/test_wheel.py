"""The wheel: one package, with the whole program as its data, which runs where there is no checkout."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from flagops.version import release
from tests.installed.conftest import BIN, Installed
from tests.recording import ROOT

PROJECT = "name: feature-flags\nruntime: python\n"
MAIN = "from flagops.program import run\n\nrun()\n"
PROGRAM = (
    "__main__.py",
    "components",
    "policies",
    "requirements.txt",
    "tools/etcd",
    "tools/kind",
    "tools/kubernetes",
    "tools/kwok",
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project without a program of its own."""
    for name, text in (("Pulumi.yaml", PROJECT), ("__main__.py", MAIN)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "Pulumi.staging.yaml").write_text((ROOT / "Pulumi.staging.yaml").read_text("utf-8"), encoding="utf-8")
    return tmp_path


def tracked(*places: str) -> set[str]:
    """The files of the checkout below these places that git knows, or would."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *places]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return {name for name in listed if (ROOT / name).exists()}


def test_it_brings_one_package_and_the_whole_program_within_it(installed: Installed) -> None:
    names = set(zipfile.ZipFile(installed.wheel).namelist())
    assert {name.split("/")[0] for name in names} == {"flagops", f"feature_flags-{release()}.dist-info"}
    program = {f"flagops/_program/{name}" for name in tracked(*PROGRAM)}
    assert {name for name in names if name.startswith("flagops/_program/")} == program
    assert tracked("flagops") <= names
    assert not [name for name in names if ".venv" in name or "tests" in name or name.endswith(".pyc")]
    there = {path.name for path in installed.packages.iterdir()}
    assert not {"components", "policies", "tools"} & there


def test_ff_runs_without_a_checkout(installed: Installed, tmp_path: Path) -> None:
    assert installed.run("--version", cwd=tmp_path).stdout.startswith(f"{release()} (commit ")
    assert "ff [OPTIONS] COMMAND" in installed.run("--help", cwd=tmp_path).stdout
    code = (
        "import flagops.program as p, components, policies; print(p.DIRECTORY, components.__file__, policies.__file__)"
    )
    found = installed.start("python", "-c", code, cwd=tmp_path).stdout.split()
    assert all(Path(place).is_relative_to(installed.packages / "flagops" / "_program") for place in found)


def test_a_project_of_two_lines_is_rendered_as_the_checkout_renders_it(installed: Installed, project: Path) -> None:
    installed.run("render", "--stack", "staging", "--out", "out", cwd=project)
    command = [str(BIN / "ff"), "--project", str(ROOT), "render", "--stack", "staging"]
    subprocess.run([*command, "--out", str(project / "other")], check=True, capture_output=True, timeout=120)
    own, other = ({path.name: path.read_bytes() for path in (project / name).iterdir()} for name in ("out", "other"))
    assert own == other
    assert installed.run("policy", "check", "--stack", "staging", cwd=project).stderr == "No rule is broken.\n"


def test_the_checkout_s_ff_and_an_installed_one_are_told_apart_by_the_release(
    installed: Installed, project: Path
) -> None:
    (project / "requirements.txt").write_text("feature-flags==99.0.0\n", encoding="utf-8")
    said = installed.run("policy", "check", "--stack", "staging", cwd=project, code=1).stderr
    assert (
        f"Error: The project in {project} is of 99.0.0 (its requirements.txt), and this command is {release()} (commit"
        in said
    )
    # What runs no program of the project's goes on.
    assert installed.run("policy", "list", cwd=project).returncode == 0


def test_a_clone_with_other_components_is_refused_by_an_installed_ff(installed: Installed, project: Path) -> None:
    (project / "components").mkdir()
    (project / "components" / "platform.py").write_text("# other\n", encoding="utf-8")
    said = installed.run("policy", "check", "--stack", "staging", cwd=project, code=1).stderr
    assert "is not the one that this ff has: components/" in said


def test_an_own_folder_called_components_is_told_by_pulumi_too(installed: Installed, project: Path) -> None:
    (project / "components").mkdir()
    (project / "components" / "__init__.py").touch()
    code = "import components; from flagops.program import run; run()"
    said = installed.start("python", "-c", code, cwd=project, code=1).stderr
    assert "components is not the platform's: import flagops.program before it." in said


def test_an_error_of_the_program_says_where_it_happened(installed: Installed, project: Path) -> None:
    (project / "__main__.py").write_text(f"{MAIN}\nraise KeyError('mine')\n", encoding="utf-8")
    said = installed.run("policy", "check", "--stack", "staging", cwd=project, code=1).stderr
    assert "Error: The program failed (__main__.py, line 5): KeyError: 'mine'" in said


def test_the_cluster_s_versions_come_with_it(installed: Installed, tmp_path: Path) -> None:
    code = "from flagops.local_cluster import pins; print(pins.version(pins.ETCD), pins.go_version(pins.KUBERNETES))"
    found = installed.start("python", "-c", code, cwd=tmp_path).stdout
    text = (ROOT / "tools" / "etcd" / "go.mod").read_text(encoding="utf-8")
    assert f"go.etcd.io/etcd/server/v3 {found.split()[0]}" in text
