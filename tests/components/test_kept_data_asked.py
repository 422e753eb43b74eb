"""The program itself asks the cluster, in a run of the Pulumi CLI, whether a volume with data would be replaced."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.deployment.own_cluster import OwnCluster
from components.deployment.presence import DeclaredObject
from components.deployment.recorded import Deployment, written
from components.kit import names
from components.settings import parse
from tests.components.settings.support import VALID
from tests.fake_cluster import NAMESPACE, FakeCluster, fake_cluster

UID = "the-namespace"
MANAGER = "pulumi-kubernetes-1a2b3c4d"
CLAIM = DeclaredObject("v1", "PersistentVolumeClaim", "flagsmith-postgres-data")
CLUSTER = DeclaredObject("postgresql.cnpg.io/v1", "Cluster", "flagsmith-pg")


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCluster]:
    """A cluster with the namespace and a database of 20Gi, whose class the cluster chose."""
    with fake_cluster() as made:
        path = made.kubeconfig(tmp_path / "kubeconfig", "cluster")
        monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))
        monkeypatch.setattr("pulumi.get_stack", lambda: "staging")
        made.add("v1", "Namespace", NAMESPACE, uid=UID)
        add(made, stated=("accessModes", "resources"))
        yield made


def add(cluster: FakeCluster, *, stated: tuple[str, ...], **metadata: Any) -> None:
    fields: dict[str, Any] = {"f:spec": {f"f:{key}": {} for key in stated}}
    declared = {"manager": MANAGER, "operation": "Apply", "fieldsV1": fields}
    bound = {"manager": "kube-controller-manager", "operation": "Update", "fieldsV1": {"f:spec": {"f:volumeName": {}}}}
    cluster.add(
        "v1",
        "PersistentVolumeClaim",
        "flagsmith-postgres-data",
        metadata={"managedFields": [declared, bound], **metadata},
        spec={
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "standard",
            "volumeName": "pvc-1",
            "resources": {"requests": {"storage": "20Gi"}},
        },
    )


def require(**storage: object) -> None:
    values = {**VALID, "context": "cluster", "postgres": {"storage": storage}} if storage else {**VALID}
    OwnCluster(parse(values)).require_namespace(UID)


def require_cluster(**cluster: object) -> None:
    postgres = {"mode": "cloudnativepg", "storage": {"size": "20Gi"}, "cluster": cluster}
    quota = {"quota": {"persistentVolumeClaims": 30}}
    values = {**VALID, "context": "cluster", "postgres": postgres, "namespace": quota}
    OwnCluster(parse(values)).require_namespace(UID)


def add_cluster(cluster: FakeCluster, **metadata: Any) -> None:
    spec = {"storage": {"size": "30Gi"}, "walStorage": {"size": "10Gi"}}
    cluster.add("postgresql.cnpg.io/v1", "Cluster", "flagsmith-pg", metadata=metadata, spec=spec)


def test_a_clusters_volumes_that_would_shrink_or_be_dropped_end_the_run(cluster: FakeCluster) -> None:
    """Without its webhook, the operator takes a smaller size and does nothing, for ever."""
    require_cluster()
    add_cluster(cluster)
    for settings, reason in (
        ({}, "cannot shrink from 30Gi to 20Gi"),
        ({"walStorage": {"size": "5Gi"}}, "cannot shrink from 10Gi to 5Gi"),
        ({"walStorage": {"enabled": False}}, "cannot take the write-ahead log from its own volume"),
    ):
        with pytest.raises(
            pulumi.RunError, match=f"Data would be lost:(.*\n)*.*Cluster flagsmith-pg {reason}"
        ) as caught:
            require_cluster(**settings)
        assert "postgres.cluster.walStorage" in str(caught.value)
    require_cluster(name="another")


def test_an_older_major_version_than_the_datas_ends_the_run(cluster: FakeCluster) -> None:
    """The operator would refuse it in the Cluster's phase alone, after everything else was changed."""
    spec = {"storage": {"size": "20Gi"}}
    newer = {"pgDataImageInfo": {"image": "pg:18.4-system-trixie", "majorVersion": 18}}
    cluster.add("postgresql.cnpg.io/v1", "Cluster", "flagsmith-pg", spec=spec, status=newer)
    reason = "cannot go back to PostgreSQL 17: its data is of PostgreSQL 18"
    pinned = {"image": "registry.example.com:5000/pg:17.9@sha256:" + "5" * 64, "version": "17.9"}
    for settings in ({}, pinned):
        with pytest.raises(pulumi.RunError, match=f"Cluster flagsmith-pg {reason}"):
            require_cluster(**settings)
    require_cluster(name="another")


def test_the_next_major_version_is_let_through_and_the_way_back_from_an_upgrade_that_failed(
    cluster: FakeCluster,
) -> None:
    spec = {"imageName": "pg:18.4-system-trixie", "storage": {"size": "20Gi"}}
    old = {"pgDataImageInfo": {"image": "pg:17.9", "majorVersion": 17}}
    cluster.add("postgresql.cnpg.io/v1", "Cluster", "flagsmith-pg", spec=spec, status=old)
    require_cluster()
    postgres = {"mode": "cloudnativepg", "version": "18.4-bookworm", "cluster": {"version": "18.4-system-trixie"}}
    values = {**VALID, "context": "cluster", "postgres": {**postgres, "storage": {"size": "20Gi"}}}
    OwnCluster(parse(values)).require_namespace(UID)


def test_a_cluster_that_is_being_deleted_ends_the_run(cluster: FakeCluster) -> None:
    add_cluster(cluster, deletionTimestamp="2026-11-28T00:00:00Z")
    with pytest.raises(pulumi.RunError, match="Cluster flagsmith-pg is being deleted, which cannot be cancelled"):
        require_cluster()


@pytest.mark.usefixtures("cluster")
def test_a_volume_that_stays_or_grows_is_let_through() -> None:
    require()
    require(size="20480Mi")
    require(size="30Gi")


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize(
    ("storage", "reason"),
    [
        ({"className": "fast"}, "'standard', was left to the cluster and would be stated, 'fast'"),
        ({"className": "standard"}, "'standard', was left to the cluster and would be stated, 'standard'"),
        ({"size": "10Gi"}, "cannot shrink from 20Gi to 10Gi"),
    ],
)
def test_a_change_that_pulumi_would_replace_the_volume_for_ends_the_run_with_the_way(
    storage: dict[str, object], reason: str
) -> None:
    with pytest.raises(pulumi.RunError, match=f"Data would be lost:.*\n.*flagsmith-postgres-data .*{reason}") as caught:
        require(**storage)
    assert "docs/backups.md#another-volume" in str(caught.value)


def test_a_class_that_was_stated_and_is_left_out_or_another_is_refused(cluster: FakeCluster) -> None:
    add(cluster, stated=("accessModes", "storageClassName"))
    require(className="standard")
    for storage in ({"size": "20Gi"}, {"className": "fast"}):
        with pytest.raises(pulumi.RunError, match="would be deleted and made anew, empty"):
            require(**storage)


def test_a_volume_that_is_being_deleted_ends_the_run(cluster: FakeCluster) -> None:
    add(cluster, stated=("accessModes",), deletionTimestamp="2026-01-01T00:00:00Z")
    with pytest.raises(pulumi.RunError, match="is being deleted, which cannot be cancelled"):
        require()


def test_a_stack_without_volumes_yet_is_let_through(cluster: FakeCluster) -> None:
    cluster.remove("v1", "PersistentVolumeClaim", "flagsmith-postgres-data")
    require(className="fast")


def deployed_before(cluster: FakeCluster, *objects: DeclaredObject) -> None:
    data = written(Deployment("staging", "2.265.0", objects))
    cluster.add("v1", "ConfigMap", names.DEPLOYMENT, data=data)


def test_another_mode_or_name_which_begins_empty_ends_the_run_while_the_data_is_there(cluster: FakeCluster) -> None:
    deployed_before(cluster, CLAIM)
    with pytest.raises(pulumi.RunError, match="flagsmith-postgres-data holds a database of Flagsmith") as caught:
        require_cluster()
    assert "docs/backups.md#another-database" in str(caught.value)
    require()
    add_cluster(cluster)
    deployed_before(cluster, CLUSTER)
    said = "Cluster flagsmith-pg holds a database of Flagsmith"
    with pytest.raises(pulumi.RunError, match=said):
        require_cluster(name="another")
    with pytest.raises(pulumi.RunError, match=said):
        require()
    require_cluster(name="another", kept=["flagsmith-pg"])
    cluster.remove("postgresql.cnpg.io/v1", "Cluster", "flagsmith-pg")
    require_cluster(name="another")


def test_that_nobody_may_look_whether_it_is_there_is_not_taken_for_its_absence(cluster: FakeCluster) -> None:
    deployed_before(cluster, CLUSTER)
    require()
    cluster.denied.add("/apis/postgresql.cnpg.io/")
    with pytest.raises(pulumi.RunError, match=r"Cluster flagsmith-pg holds .* you may not get it"):
        require()


def test_without_a_record_what_a_deployment_made_is_known_by_its_labels(cluster: FakeCluster) -> None:
    add_cluster(cluster)
    require()  # somebody else's
    add_cluster(cluster, labels=names.labels("database"))
    with pytest.raises(pulumi.RunError, match="Cluster flagsmith-pg holds a database of Flagsmith"):
        require()
    add(cluster, stated=("accessModes",), labels=names.labels("database"))
    with pytest.raises(pulumi.RunError, match="flagsmith-postgres-data holds a database of Flagsmith"):
        require_cluster(name="another")
