"""One program with three stacks, and an instance for each team, in one cluster, by what is installed."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from flagops.local_cluster import rest
from flagops.local_cluster.api import LocalCluster
from tests.fixtures_cluster import eventually
from tests.installed.conftest import Installed

ANSWERS = ("--host", "flags.example.com", "--controller", "traefik")


STACKS = {
    "feature-flags-shop-staging": ("shop", "shop-staging"),
    "feature-flags-shop": ("shop", "shop-production"),
    "feature-flags-video-staging": ("video", "video-staging"),
}
"""By their namespaces: whose they are, and what they are called; in the order in which they are deployed."""


@pytest.fixture(scope="module")
def where(cluster: LocalCluster, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What `ff` is told of this machine."""
    return {"KUBECONFIG": str(cluster.kubeconfig), "FF_STATE_DIR": str(tmp_path_factory.mktemp("state"))}


@pytest.fixture(scope="module")
def teams(
    installed: Installed, cluster: LocalCluster, where: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The projects of two teams, for one cluster, and their stacks in it."""
    place = tmp_path_factory.mktemp("teams")
    for team in ("shop", "video"):
        options = ("--context", cluster.context, "--team", team, "--host", f"flags.{team}.example.com")
        installed.run("init", team, "--controller", "traefik", *options, cwd=place)
        path = place / team / f"Pulumi.{team}-production.yaml"
        text = path.read_text(encoding="utf-8").replace("size: medium", "size: local").replace("100Gi", "1Gi")
        path.write_text(text, encoding="utf-8")
        path = place / team / f"Pulumi.{team}-staging.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("size: small", "size: local"), encoding="utf-8")
    up = ("up", "--engine", "direct", "--yes", "--stack")
    addresses = [f"/api/v1/namespaces/{namespace}" for namespace in STACKS]
    with rest.client(cluster.kubeconfig) as http:

        def none_of_their_namespaces_is_left() -> bool:
            return all(http.get(address).status_code == httpx.codes.NOT_FOUND for address in addresses)

        try:
            for team, name in STACKS.values():
                said = installed.run(*up, name, cwd=place / team, variables=where).stderr
                assert "Deployed: " in said, said
            yield place
        finally:
            for address in addresses:
                http.delete(address)
            eventually(none_of_their_namespaces_is_left, seconds=300)


def changes(installed: Installed, project: Path, stack: str, where: dict[str, str]) -> object:
    """What a deployment would change."""
    asked = ("preview", "--stack", stack, "--engine", "direct", "--json")
    return json.loads(installed.run(*asked, cwd=project, variables=where).stdout)["changes"]


@pytest.mark.cluster
def test_one_program_with_three_stacks_and_an_instance_for_each_team_share_a_cluster(
    installed: Installed, cluster: LocalCluster, teams: Path, where: dict[str, str]
) -> None:
    for team, name in STACKS.values():
        assert changes(installed, teams / team, name, where) == [], f"{name} is as it was, whatever came after it"
    with rest.client(cluster.kubeconfig) as http:
        for namespace in STACKS:
            quotas = http.get(f"/api/v1/namespaces/{namespace}/resourcequotas").json()["items"]
            assert len(quotas) == 1, namespace


@pytest.mark.cluster
def test_a_team_s_project_with_a_stack_of_the_same_name_touches_nothing_of_the_other_s(
    installed: Installed, cluster: LocalCluster, teams: Path, where: dict[str, str], tmp_path: Path
) -> None:
    """Two teams that did not tell each other: the same name, another namespace."""
    installed.run("init", "other", *ANSWERS, "--context", cluster.context, cwd=tmp_path)
    other = tmp_path / "other"
    (other / "Pulumi.shop-staging.yaml").write_text(
        (other / "Pulumi.staging.yaml").read_text("utf-8").replace("feature-flags-staging", "feature-flags-other"),
        "utf-8",
    )
    up = ("up", "--stack", "shop-staging", "--engine", "direct", "--yes")
    said = installed.run(*up, cwd=other, code=1, variables={**where, "FF_STATE_DIR": str(tmp_path / "state")}).stderr
    assert "feature-flags-shop-staging" in said
    assert "Nothing was changed" in said
    assert changes(installed, teams / "shop", "shop-staging", where) == []


@pytest.mark.cluster
def test_a_stack_that_is_removed_takes_nothing_of_the_others_with_it(
    installed: Installed, cluster: LocalCluster, teams: Path, where: dict[str, str]
) -> None:
    """The last test here: the others want all three."""
    (namespace, (team, gone)), *left = STACKS.items()
    down = ("down", "--stack", gone, "--engine", "direct", "--unprotect", "--yes")
    assert "Removed: " in installed.run(*down, cwd=teams / team, variables=where).stderr
    with rest.client(cluster.kubeconfig) as http:
        assert http.get(f"/api/v1/namespaces/{namespace}").status_code == httpx.codes.NOT_FOUND
    for _, (team, name) in left:
        assert changes(installed, teams / team, name, where) == [], name
