"""What a stack's program asks its cluster before it changes it, the package asks too, and refuses in words."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.kit import names
from components.stack import DEFAULT
from tests.components.package.host import Host, host
from tests.components.package.test_host import PLAIN
from tests.components.test_own_cluster import AN_EDGE_ALONE
from tests.fake_cluster import FakeCluster, fake_cluster
from tests.recording import recorded

UID = "the-namespace"


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with fake_cluster() as made:
        yield made


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, Path]]:
    """The package, and its kubeconfig."""
    directory = tmp_path_factory.mktemp("elsewhere")
    with host({**os.environ, "KUBECONFIG": str(directory / "kubeconfig")}, directory) as made:
        yield made, directory / "kubeconfig"


@pytest.fixture
def near(cluster: FakeCluster, process: tuple[Host, Path]) -> Host:
    """The package where the kubeconfig leads to that cluster."""
    made, path = process
    cluster.kubeconfig(path, "flagsmith-local")
    made.forget()
    return made


def test_another_cluster_is_refused_before_anything_is_registered(near: Host) -> None:
    text = near.refusal(DEFAULT, {**PLAIN, "clusterUid": "another"})
    assert text.startswith(
        "The cluster of context 'flagsmith-local' is another one: its uid is the-cluster, and cluster"
    )
    assert near.monitor.registrations == {}


def test_a_kubeconfig_without_the_context_is_refused_in_words(near: Host) -> None:
    text = near.refusal(DEFAULT, {**PLAIN, "context": "elsewhere", "clusterUid": "another"})
    assert text.startswith("The cluster of context 'elsewhere' cannot be asked whether the stack is there")
    assert "Traceback" not in text


def test_a_namespace_that_is_another_one_ends_it_in_words(cluster: FakeCluster, near: Host) -> None:
    cluster.add("v1", "Namespace", "feature-flags", uid="another")
    near.monitor.uid = UID
    text = near.refusal(DEFAULT, PLAIN)
    assert text.startswith(
        "The cluster of context 'flagsmith-local' is not the one that the stack 'local' was deployed"
    )
    assert "Correct context, or the kubeconfig." in text
    objects = [item.type for item in near.monitor.registrations.values() if item.type.startswith("kubernetes:")]
    assert objects == ["kubernetes:core/v1:Namespace"]


def test_a_whole_flagsmith_is_not_made_into_an_edge(cluster: FakeCluster, near: Host) -> None:
    cluster.add("v1", "Namespace", "feature-flags", uid=UID)
    record = recorded("local").object("ConfigMap", names.DEPLOYMENT).manifest
    cluster.add("v1", "ConfigMap", names.DEPLOYMENT, data=record["data"])
    near.monitor.uid = UID
    text = near.refusal(DEFAULT, AN_EDGE_ALONE)
    assert text.startswith("role is edge, and the namespace 'feature-flags' of context 'flagsmith-local' has a whole")


def test_what_pulumi_takes_for_deployed_and_is_gone_is_said(cluster: FakeCluster, near: Host) -> None:
    cluster.add("v1", "Namespace", "feature-flags", uid=UID)
    near.monitor.uid = UID
    text = near.refusal(DEFAULT, PLAIN)
    assert text.startswith("Not everything is in the namespace 'feature-flags' of context 'flagsmith-local', although")
    assert "pulumi refresh --stack local" in text
