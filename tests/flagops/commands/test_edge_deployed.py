"""`ff status`, `ff doctor` and `ff restart` on a deployed edge, with Flagsmith itself away: that is when it counts."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from typer.testing import Result

from flagops.commands.doctor.checks import examine
from flagops.commands.doctor.model import DoctorFinding
from flagops.commands.status.status import status
from flagops.pods.edge_keys import client_keys
from flagops.pods.pods import PodComponent, pods
from flagops.stacks import target
from flagops.stacks.deployed import Instance, open_instance
from flagops.stacks.target import StackTarget
from tests.containers import Containers
from tests.doubles.edge import Edge, serve
from tests.platform import Platform

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]
EDGE = {"edge": {"enabled": True}}


@pytest.fixture
def instance(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """The stack with an edge, deployed."""
    platform.ensure(EDGE)
    found = StackTarget(platform.stack(EDGE), platform.cluster.context, platform.cluster.kubeconfig)
    monkeypatch.setattr(target, "find", lambda _: found)
    with open_instance("local") as opened:
        yield opened


@pytest.fixture
def proxies(instance: Instance, containers: Containers) -> Iterator[Edge]:
    """The double, where both proxies' ports lead; where the API's lead too, so that Flagsmith does not answer."""
    known = client_keys(instance.get("v1", "Secret", "flagsmith-edge-keys"), "ENVIRONMENT_KEY_PAIRS")
    assert len(known) == len(instance.settings.admin.environments) > 1
    with serve(Edge({key: key for key in known}), containers.api_port) as edge:
        edge.updated = datetime.now(UTC).replace(tzinfo=None).isoformat()
        yield edge
    containers.write_log("edge-proxy")


def of_the_edge() -> dict[str, DoctorFinding]:
    return {finding.name: finding for finding in examine("local") if finding.name.startswith("edge-")}


def test_the_status_has_a_row_of_the_edge(instance: Instance, run: Run) -> None:
    shown = run("status")
    assert shown.exit_code == 0, shown.stdout + shown.stderr
    (row,) = (row for row in status(instance).rows if row.kind == "Edge")
    assert row.state == "2 proxies with documents, on 2 nodes"
    assert row.state in " ".join(shown.stdout.split())


def test_the_doctor_asks_each_proxy_through_the_cluster(
    instance: Instance, proxies: Edge, containers: Containers
) -> None:
    names = {pod["metadata"]["name"] for pod in pods(instance, PodComponent.EDGE)}
    assert of_the_edge() == {}

    proxies.updated = "2026-01-01T00:00:00"
    found = of_the_edge()
    assert set(found) == {"edge-stale"}
    assert {text.partition(":")[0] for text in found["edge-stale"].evidence} == names

    proxies.updated = None
    containers.write_log("edge-proxy", "httpx.HTTPStatusError: Client error '403 Forbidden' for url 'http://flagsmith'")
    found = of_the_edge()
    assert set(found) == {"edge-key-refused"}
    assert len(found["edge-key-refused"].evidence) == len(names) == 2

    one, another, *_ = proxies.documents
    proxies.documents[one], proxies.updated = another, datetime.now(UTC).replace(tzinfo=None).isoformat()
    assert set(of_the_edge()) == {"edge-keys-mixed"}


def test_proxies_are_restarted_and_the_old_ones_stay_until_the_new_are_ready(instance: Instance, run: Run) -> None:
    before = {pod["metadata"]["uid"] for pod in pods(instance, PodComponent.EDGE)}
    assert run("restart", "--component", "edge").exit_code == 0
    after = {
        pod["metadata"]["uid"]
        for pod in pods(instance, PodComponent.EDGE)
        if "deletionTimestamp" not in pod["metadata"]
    }
    assert len(after) == 2
    assert not before & after
