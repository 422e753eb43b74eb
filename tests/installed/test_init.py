"""From nothing to a deployed stack, as somebody without the repository does it: from the wheel, in an empty folder."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from flagops.local_cluster.api import LocalCluster
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
    (ingress,) = yaml.safe_load_all((tmp_path / "out" / "ingress.yaml").read_text(encoding="utf-8"))
    assert ingress["spec"]["rules"][0]["host"] == "flags.staging.example.com"
    assert "2 flags" in installed.run("flags", "validate", cwd=project).stderr
    for stack in ("local", "staging", "production"):
        assert installed.run("policy", "check", "--stack", stack, cwd=project)
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
    assert installed.run("policy", "check", "--stack", "staging", cwd=tmp_path / "clone")
    # Against the commit itself nothing changes, by the release that it pins.
    said = installed.run("preview", "--stack", "staging", "--against", "HEAD", cwd=tmp_path / "clone")
    assert "No manifest changes." in said.stdout


def test_an_upgrade_of_the_same_wheel_changes_nothing(installed: Installed, project: Path) -> None:
    assert f"Nothing changes: the project is of {release()}." in installed.run("init", "--upgrade", cwd=project).stderr


@pytest.fixture(scope="module")
def teams(installed: Installed, cluster: LocalCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The projects of two teams, for one cluster."""
    place = tmp_path_factory.mktemp("teams")
    for team in ("shop", "video"):
        options = ("--context", cluster.context, "--team", team, "--host", f"flags.{team}.example.com")
        installed.run("init", team, "--controller", "traefik", *options, cwd=place)
        path = place / team / f"Pulumi.{team}-production.yaml"
        text = path.read_text(encoding="utf-8").replace("size: medium", "size: local").replace("100Gi", "1Gi")
        path.write_text(text, encoding="utf-8")
        path = place / team / f"Pulumi.{team}-staging.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("size: small", "size: local"), encoding="utf-8")
    yield place
    for team, stack in (("shop", "staging"), ("shop", "production"), ("video", "staging")):
        down = ("down", "--stack", f"{team}-{stack}", "--engine", "direct", "--unprotect", "--yes")
        installed.run(*down, cwd=place / team, KUBECONFIG=str(cluster.kubeconfig))


@pytest.mark.cluster
def test_one_program_with_three_stacks_and_an_instance_for_each_team_share_a_cluster(
    installed: Installed, cluster: LocalCluster, teams: Path
) -> None:
    where = {"KUBECONFIG": str(cluster.kubeconfig), "FF_STATE_DIR": str(teams / "state")}
    first: dict[str, str] = {}
    for team, stack in (("shop", "staging"), ("shop", "production"), ("video", "staging")):
        name = f"{team}-{stack}"
        said = installed.run("up", "--stack", name, "--engine", "direct", "--yes", cwd=teams / team, **where)
        assert "Deployed: " in said.stderr, said.stderr
        first[name] = said.stderr
    for team, stack in (("shop", "staging"), ("shop", "production"), ("video", "staging")):
        name = f"{team}-{stack}"
        plan = installed.run("preview", "--stack", name, "--engine", "direct", "--json", cwd=teams / team, **where)
        assert json.loads(plan.stdout)["changes"] == [], f"{name} is as it was deployed, whatever came after it"
        status = json.loads(installed.run("status", "--stack", name, "--json", cwd=teams / team, **where).stdout)
        assert status["namespace"] in (f"feature-flags-{team}", f"feature-flags-{team}-staging")


@pytest.mark.cluster
def test_a_team_s_project_with_a_stack_of_the_same_name_touches_nothing_of_the_other_s(
    installed: Installed, cluster: LocalCluster, teams: Path, tmp_path: Path
) -> None:
    """Two teams that did not tell each other: the same name, another namespace."""
    where = {"KUBECONFIG": str(cluster.kubeconfig), "FF_STATE_DIR": str(tmp_path / "state")}
    installed.run("up", "--stack", "shop-staging", "--engine", "direct", "--yes", cwd=teams / "shop", **where)
    installed.run("init", "other", *ANSWERS, "--context", cluster.context, cwd=tmp_path)
    other = tmp_path / "other"
    (other / "Pulumi.shop-staging.yaml").write_text(
        (other / "Pulumi.staging.yaml").read_text("utf-8").replace("feature-flags-staging", "feature-flags-other"),
        "utf-8",
    )
    said = installed.run(
        "up", "--stack", "shop-staging", "--engine", "direct", "--yes", cwd=other, code=1, **where
    ).stderr
    assert "feature-flags-shop-staging" in said
    assert "Nothing was changed" in said
    plan = installed.run(
        "preview", "--stack", "shop-staging", "--engine", "direct", "--json", cwd=teams / "shop", **where
    )
    assert json.loads(plan.stdout)["changes"] == []
