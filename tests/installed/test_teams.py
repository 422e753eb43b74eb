"""One program with three stacks, and an instance for each team, in one cluster, by what is installed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from flagops.local_cluster import rest
from flagops.local_cluster.api import LocalCluster
from tests.installed.conftest import Installed

ANSWERS = ("--host", "flags.example.com", "--controller", "traefik")


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
        where = {"KUBECONFIG": str(cluster.kubeconfig), "FF_STATE_DIR": str(place / "state")}
        installed.run(*down, cwd=place / team, variables=where)


@pytest.mark.cluster
def test_one_program_with_three_stacks_and_an_instance_for_each_team_share_a_cluster(
    installed: Installed, cluster: LocalCluster, teams: Path
) -> None:
    where = {"KUBECONFIG": str(cluster.kubeconfig), "FF_STATE_DIR": str(teams / "state")}
    first: dict[str, str] = {}
    for team, stack in (("shop", "staging"), ("shop", "production"), ("video", "staging")):
        name = f"{team}-{stack}"
        said = installed.run("up", "--stack", name, "--engine", "direct", "--yes", cwd=teams / team, variables=where)
        assert "Deployed: " in said.stderr, said.stderr
        first[name] = said.stderr
    for team, stack in (("shop", "staging"), ("shop", "production"), ("video", "staging")):
        name = f"{team}-{stack}"
        plan = installed.run(
            "preview", "--stack", name, "--engine", "direct", "--json", cwd=teams / team, variables=where
        )
        assert json.loads(plan.stdout)["changes"] == [], f"{name} is as it was deployed, whatever came after it"
    with rest.client(cluster.kubeconfig) as http:
        for namespace in ("feature-flags-shop", "feature-flags-shop-staging", "feature-flags-video-staging"):
            quotas = http.get(f"/api/v1/namespaces/{namespace}/resourcequotas").json()["items"]
            assert len(quotas) == 1, namespace


@pytest.mark.cluster
def test_a_team_s_project_with_a_stack_of_the_same_name_touches_nothing_of_the_other_s(
    installed: Installed, cluster: LocalCluster, teams: Path, tmp_path: Path
) -> None:
    """Two teams that did not tell each other: the same name, another namespace."""
    where = {"KUBECONFIG": str(cluster.kubeconfig), "FF_STATE_DIR": str(tmp_path / "state")}
    installed.run("up", "--stack", "shop-staging", "--engine", "direct", "--yes", cwd=teams / "shop", variables=where)
    installed.run("init", "other", *ANSWERS, "--context", cluster.context, cwd=tmp_path)
    other = tmp_path / "other"
    (other / "Pulumi.shop-staging.yaml").write_text(
        (other / "Pulumi.staging.yaml").read_text("utf-8").replace("feature-flags-staging", "feature-flags-other"),
        "utf-8",
    )
    said = installed.run(
        "up", "--stack", "shop-staging", "--engine", "direct", "--yes", cwd=other, code=1, variables=where
    ).stderr
    assert "feature-flags-shop-staging" in said
    assert "Nothing was changed" in said
    plan = installed.run(
        "preview", "--stack", "shop-staging", "--engine", "direct", "--json", cwd=teams / "shop", variables=where
    )
    assert json.loads(plan.stdout)["changes"] == []
