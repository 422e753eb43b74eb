"""A container's log that cannot be read is no empty log."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flagops.commands.logs import logs
from flagops.errors import OpsError
from flagops.kubernetes.diagnose import log_or_reason
from flagops.kubernetes.refusals import ApiError, DeniedError
from flagops.pods import jobs
from flagops.pods.pods import OF_AN_EDGE, PodComponent, require_component, selector
from flagops.stacks.deployed import Instance, open_instance
from tests.components.registering import WHOLE
from tests.fake_cluster import NAMESPACE, FakeCluster, fake_cluster
from tests.recording import pod_templates, record

LABEL, JOB = "app.kubernetes.io/component", "batch.kubernetes.io/job-name"


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with fake_cluster() as made:
        made.add("v1", "Namespace", NAMESPACE)
        yield made


@pytest.fixture
def instance(cluster: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig(tmp_path / "kubeconfig", "staging")))
    monkeypatch.setenv("FF_STATE_DIR", str(tmp_path))
    with open_instance("staging") as found:
        yield found


def pod(cluster: FakeCluster, name: str, **labels: str) -> None:
    metadata = {"labels": labels, "creationTimestamp": "2026-01-01T00:00:00Z"}
    cluster.add("v1", "Pod", name, metadata=metadata, spec={"containers": [{"name": "main"}]})


def refuse(cluster: FakeCluster, name: str) -> None:
    cluster.denied.add(f"/api/v1/namespaces/{NAMESPACE}/pods/{name}/log")


def test_what_is_gone_or_never_ran_is_empty_and_what_is_refused_is_an_error(
    instance: Instance, cluster: FakeCluster
) -> None:
    assert instance.client.log(NAMESPACE, "gone", "main", lines=5) == ""
    refuse(cluster, "api-1")
    with pytest.raises(DeniedError, match=r"Cannot read the log of api-1/main: not yours to read"):
        instance.client.log(NAMESPACE, "api-1", "main", lines=5)
    said = log_or_reason(instance.client, NAMESPACE, "api-1", "main", lines=5)
    assert said == "(the log cannot be read: not yours to read)"


def test_the_logs_that_can_be_read_are_shown_before_the_refusal(instance: Instance, cluster: FakeCluster) -> None:
    for name in ("api-1", "api-2"):
        pod(cluster, name, **{LABEL: "api"})
    refuse(cluster, "api-1")
    shown: list[str] = []
    cluster.texts[f"/api/v1/namespaces/{NAMESPACE}/pods/api-2/log"] = "one line\n"
    with pytest.raises(ApiError, match="api-1"):
        logs.show(instance, [PodComponent.API], lines=5, on_line=lambda name, line: shown.append(f"{name} {line}"))
    assert shown == ["api-2 one line"]


def test_a_job_that_failed_says_that_its_log_was_refused_not_that_it_is_empty(
    instance: Instance, cluster: FakeCluster
) -> None:
    failed = {"conditions": [{"type": "Failed", "status": "True", "message": "too often"}]}
    cluster.add("batch/v1", "Job", "backup-1", status=failed)
    pod(cluster, "backup-1-a", **{JOB: "backup-1"})
    refuse(cluster, "backup-1-a")
    with pytest.raises(OpsError, match="failed") as caught:
        jobs.wait(instance, "backup-1", seconds=5)
    assert "(Cannot read the log of backup-1-a/main: not yours to read)" in caught.value.message
    assert "empty" not in caught.value.message


def test_there_is_no_pod_whose_logs_nobody_can_ask_for() -> None:
    """The kind: a component with pods that `PodComponent` lacks, or one of an edge alone that an edge refuses."""
    for stack, overrides in WHOLE.values():
        made = record(stack, overrides)
        found = {template["metadata"]["labels"][LABEL] for _, template in pod_templates(made)}
        known = OF_AN_EDGE if overrides.get("role") == "edge" else PodComponent
        assert found <= {str(item) for item in known}
        assert found, "a stack without pods proves nothing"


def test_the_servers_of_a_cluster_have_the_labels_of_their_operator(instance: Instance) -> None:
    settings = instance.settings
    clustered = settings.model_copy(update={"postgres": settings.postgres.model_copy(update={"mode": "cloudnativepg"})})
    other = replace(instance, settings=clustered)
    assert selector(other, PodComponent.DATABASE) == "cnpg.io/cluster=flagsmith-pg,cnpg.io/podRole=instance"
    assert selector(other, PodComponent.POOLER) == "cnpg.io/poolerName=flagsmith-pg-pooler"
    own = f"app.kubernetes.io/name=flagsmith,{LABEL}="
    assert selector(other, PodComponent.API) == selector(instance, PodComponent.API) == f"{own}api"
    # The operator's pods have the component `database` too, and another name.
    assert selector(instance, PodComponent.DATABASE) == f"{own}database"


def test_an_edge_alone_has_its_proxies_and_their_exporter(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(instance.settings), "is_edge", True)
    for component in OF_AN_EDGE:
        require_component(instance, component)
    with pytest.raises(OpsError, match="no pod of 'api'") as refused:
        require_component(instance, PodComponent.API)
    assert refused.value.hint == "Give `--component edge` or `--component edge-metrics`."
