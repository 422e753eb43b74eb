"""Two instances on one cluster, each for a team of its own: neither is touched by what becomes of the other."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from typer.testing import Result

from flagops.engines.direct.api import DirectEngine
from flagops.stacks import target
from flagops.stacks.files import Stack
from flagops.stacks.target import StackTarget
from tests.platform import Platform
from tests.recording import ROOT

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]
TEAMS = ("team-a", "team-b")
KINDS = (
    *("api/v1/{}/secrets", "api/v1/{}/configmaps", "api/v1/{}/services", "api/v1/{}/persistentvolumeclaims"),
    *("api/v1/{}/resourcequotas", "api/v1/{}/limitranges", "apis/networking.k8s.io/v1/{}/networkpolicies"),
    *("apis/apps/v1/{}/deployments", "apis/apps/v1/{}/statefulsets", "apis/batch/v1/{}/cronjobs"),
)


def stack_of(platform: Platform, team: str) -> Stack:
    own = {
        "namespace": {"name": team},
        "host": f"{team}.example.com",
        "publicUrl": f"http://{team}.example.com:30080",
        "service": {},
        "networkPolicy": {"enabled": True, "ingressNamespace": "traefik"},
        "context": platform.cluster.context,
    }
    return replace(platform.stack(own), name=team)


def engine(platform: Platform, team: str) -> DirectEngine:
    return DirectEngine(ROOT, stack_of(platform, team), platform.cluster.kubeconfig, platform.cluster.context)


def wanted(platform: Platform, team: str) -> dict[str, str]:
    """What is wanted of each object of a team's: its generation, or its version where it has none; by its uid."""
    items = [item for kind in KINDS for item in platform.items("/" + kind.format(f"namespaces/{team}"))]
    # The controller counts in a quota what is used.
    return {
        item["metadata"]["uid"]: str(
            item["metadata"].get("generation") or item.get("spec") or item["metadata"]["resourceVersion"]
        )
        for item in items
    }


@pytest.fixture(scope="module")
def place(platform: Platform) -> Iterator[Platform]:
    """The cluster, on which nothing of the teams is left in the end."""
    yield platform
    for team in TEAMS:
        engine(platform, team).down()
    names = {item["metadata"]["name"] for item in platform.items("/api/v1/namespaces")}
    assert not names & set(TEAMS)


@pytest.fixture(scope="module")
def complete() -> set[str]:
    """The teams whose stacks are deployed as a whole. A test that removes one takes it out."""
    return set()


@pytest.fixture
def teams(place: Platform, complete: set[str]) -> Platform:
    """Both teams' stacks are there, whichever an earlier test has removed."""
    for team in TEAMS:
        if team not in complete:
            engine(place, team).up()
            complete.add(team)
    return place


def test_each_has_all_of_it_in_its_own_namespace_within_its_own_quota(teams: Platform) -> None:
    for team in TEAMS:
        pods = teams.items(f"/api/v1/namespaces/{team}/pods")
        assert {"api", "database", "cache"} <= {
            item["metadata"]["labels"]["app.kubernetes.io/component"] for item in pods
        }
        (quota,) = teams.items(f"/api/v1/namespaces/{team}/resourcequotas")
        assert quota["status"]["used"]["pods"] != "0"
    secrets = [
        {item["metadata"]["name"]: item["data"] for item in teams.items(f"/api/v1/namespaces/{team}/secrets")}
        for team in TEAMS
    ]
    assert secrets[0]["flagsmith-django"] != secrets[1]["flagsmith-django"]


def test_the_status_of_each_is_its_own(teams: Platform, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for team in TEAMS:
        found = StackTarget(stack_of(teams, team), teams.cluster.context, teams.cluster.kubeconfig)
        monkeypatch.setattr(target, "find", lambda _, found=found: found)
        shown = run("status", "--stack", team)
        assert shown.exit_code == 0, shown.stdout + shown.stderr
        assert f"{team}: Flagsmith 2." in " ".join(shown.stdout.split())


def test_a_deployment_and_the_removal_of_one_leave_the_other_as_it_is(teams: Platform, complete: set[str]) -> None:
    before = wanted(teams, "team-a")
    assert len(before) > 20
    complete.remove("team-b")
    changed = replace(
        stack_of(teams, "team-b"), config={**stack_of(teams, "team-b").config, "feature-flags:env": {"A": "b"}}
    )
    DirectEngine(ROOT, changed, teams.cluster.kubeconfig, teams.cluster.context).up()
    assert wanted(teams, "team-a") == before
    assert not engine(teams, "team-a").up().changed

    engine(teams, "team-b").down()
    assert wanted(teams, "team-a") == before
    assert not engine(teams, "team-a").up().changed
