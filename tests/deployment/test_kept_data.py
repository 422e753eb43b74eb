"""Changes for which data would be lost are refused before anything is touched, on the simulated cluster."""

from collections.abc import Iterator
from typing import Any

import pytest

from flagops.engines.direct.results import Operation
from flagops.errors import OpsError
from flagops.kubernetes.client import Client
from flagops.kubernetes.connection import connect
from flagops.kubernetes.objects import Ref
from tests.fixtures_cluster import eventually
from tests.platform import NAMESPACE, Platform

pytestmark = pytest.mark.cluster
CLAIM = f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims/flagsmith-postgres-data"


@pytest.fixture
def client(deployed: Platform) -> Iterator[Client]:
    found = Client(connect(deployed.cluster.kubeconfig, deployed.cluster.context))
    yield found
    found.close()


def storage(deployed: Platform, **changes: object) -> dict[str, object]:
    stated: Any = deployed.stack().config["feature-flags:postgres"]
    return {"postgres": {**stated, "storage": {**stated["storage"], **changes}}}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"className": "another"}, "spec.storageClassName is '.*' and would be 'another'"),
        ({"size": "256Mi"}, "cannot shrink from .* to 256Mi"),
    ],
)
def test_another_class_and_a_smaller_size_are_refused_by_preview_and_up_with_the_way_to_do_it(
    changes: dict[str, object], reason: str, deployed: Platform
) -> None:
    before = deployed.versions()
    # What else is to change must not be half-done.
    engine = deployed.engine({**storage(deployed, **changes), "replicas": 2, "autoscaling": {"enabled": False}})
    for refused in (engine.preview, engine.up):
        with pytest.raises(OpsError, match=f"(?s)Nothing was changed.*flagsmith-postgres-data .*{reason}") as caught:
            refused()
        assert "docs/backups.md#another-volume" in str(caught.value.hint)
    assert deployed.versions() == before


def test_another_namespace_is_refused_for_the_old_one_would_go_with_all_that_is_in_it(
    deployed: Platform, client: Client
) -> None:
    engine = deployed.engine({"namespace": {"name": "elsewhere"}})
    for refused in (engine.preview, engine.up):
        with pytest.raises(OpsError, match=f"Namespace {NAMESPACE} would be deleted with everything in it"):
            refused()
    assert client.get(Ref("v1", "Namespace", "", "elsewhere")) is None


def test_a_volume_that_leaves_the_program_is_named_with_its_data_in_the_preview(deployed: Platform) -> None:
    plan = deployed.engine({"backup": {"enabled": False}}).preview()
    (note,) = (change.note for change in plan.changes if change.ref.name == "flagsmith-backup-data")
    assert "ff db backup" in note


def test_a_claim_that_is_being_deleted_stops_preview_and_up(deployed: Platform, client: Client) -> None:
    ref = Ref("v1", "PersistentVolumeClaim", NAMESPACE, "flagsmith-postgres-data")
    client.delete(ref)  # its pod holds it
    try:
        before = deployed.versions()
        for refused in (deployed.engine().preview, deployed.engine().up):
            with pytest.raises(OpsError, match="flagsmith-postgres-data is being deleted"):
                refused()
        assert deployed.versions() == before
    finally:
        # The way of docs/backups.md: what holds the claim goes, and a deployment makes both anew.
        client.delete(Ref("apps/v1", "StatefulSet", NAMESPACE, "flagsmith-postgres"), dependents_first=True)

        def it_is_gone() -> bool:
            return client.get(ref) is None

        eventually(it_is_gone, seconds=60)
        result = deployed.up()
        assert ref in result.created


def test_what_else_is_being_deleted_is_made_anew_and_the_preview_says_so(deployed: Platform, client: Client) -> None:
    ref = Ref("v1", "ConfigMap", NAMESPACE, "flagsmith-logging")
    if client.get(ref) is None:
        ref = next(item.ref for item in deployed.engine().preview().changes if item.ref.kind == "ConfigMap")
    client.merge(ref, {"metadata": {"finalizers": ["feature-flags/held"]}})
    client.delete(ref)
    try:
        (change,) = (item for item in deployed.engine().preview().changes if item.ref == ref)
        assert (change.action, change.note) == (Operation.REPLACE, "it is being deleted, and is made anew")
    finally:
        client.merge(ref, {"metadata": {"finalizers": None}})
