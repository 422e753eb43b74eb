"""From nothing to a deployed stack, as somebody without the repository does it: from the wheel, in an empty folder."""

import subprocess
from pathlib import Path

import pytest
import yaml

from flagops.version import release
from tests.installed.conftest import Installed

ANSWERS = ("--host", "flags.example.com", "--controller", "traefik")


@pytest.fixture(scope="module")
def project(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `ff init` makes in an empty folder."""
    place = tmp_path_factory.mktemp("mine")
    installed.run("init", *ANSWERS, "--context", "my-cluster", cwd=place)
    return place


def test_the_project_brings_the_wheel_along_and_is_rendered_and_checked(
    installed: Installed, project: Path, tmp_path: Path
) -> None:
    requirements = (project / "requirements.txt").read_text(encoding="utf-8")
    assert requirements.splitlines()[-1] == f"./vendor/{installed.wheel.name}"
    assert (project / "vendor" / installed.wheel.name).read_bytes() == installed.wheel.read_bytes()
    out = str(tmp_path / "out")
    assert (
        "files of the stack 'staging' are in"
        in installed.run("render", "--stack", "staging", "--out", out, cwd=project).stderr
    )
    objects = yaml.safe_load_all((tmp_path / "out" / "ingress.yaml").read_text(encoding="utf-8"))
    (ingress,) = (item for item in objects if item["kind"] == "Ingress")
    assert ingress["spec"]["rules"][0]["host"] == "flags.staging.example.com"
    assert "2 flags" in installed.run("flags", "validate", cwd=project).stderr
    for stack in ("local", "staging", "production"):
        installed.run("policy", "check", "--stack", stack, cwd=project)
    # From a folder below, too.
    assert "2 flags" in installed.run("flags", "validate", cwd=project / "flags").stderr


def test_its_own_files_are_what_git_would_take(installed: Installed, project: Path, tmp_path: Path) -> None:
    """A clone of the committed project is whole: nothing that it needs is ignored."""
    for command in (
        ("init", "--quiet"),
        ("add", "."),
        ("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "The project"),
        ("clone", "--quiet", ".", str(tmp_path / "clone")),
    ):
        subprocess.run(["git", *command], cwd=project, check=True)
    assert "2 flags" in installed.run("flags", "validate", cwd=tmp_path / "clone").stderr
    # Against the commit itself nothing changes, by the release that it pins.
    said = installed.run("preview", "--stack", "staging", "--against", "HEAD", cwd=tmp_path / "clone")
    assert "No manifest changes." in said.stdout


def test_an_upgrade_of_the_same_wheel_changes_nothing(installed: Installed, project: Path) -> None:
    assert f"Nothing changes: the project is of {release()}." in installed.run("init", "--upgrade", cwd=project).stderr
