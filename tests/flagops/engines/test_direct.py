"""The direct engine against a real API server."""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from flagops.engines.direct.results import Operation
from flagops.engines.events import ResourceState
from flagops.errors import OpsError
from flagops.kubernetes.objects import Ref
from flagops.local_cluster.api import LocalCluster
from tests.fixtures_cluster import eventually
from tests.flagops.engines.instance import Instance

pytestmark = pytest.mark.cluster


@contextmanager
def sample(cluster: LocalCluster) -> Iterator[Instance]:
    made = Instance(f"sample-{uuid4().hex[:8]}", cluster.kubeconfig, cluster.context)
    try:
        yield made
    finally:
        made.clean_up()


@pytest.fixture
def instance(cluster: LocalCluster) -> Iterator[Instance]:
    with sample(cluster) as made:
        yield made


@pytest.fixture(scope="module")
def place(cluster: LocalCluster) -> Iterator[Instance]:
    with sample(cluster) as made:
        yield made


@pytest.fixture
def standing(place: Instance) -> Instance:
    """An instance that is deployed as its program says, whatever an earlier test did to it."""
    place.engine().up()
    return place


def names(refs: tuple[Ref, ...]) -> set[str]:
    return {f"{ref.kind}/{ref.name}" for ref in refs}


def test_the_first_run_makes_all_in_order_and_waits(instance: Instance) -> None:
    result = instance.engine().up()
    assert names(result.created) == {
        f"Namespace/{instance.name}",
        "Secret/data",
        "Service/web",
        "Job/migrate",
        "Deployment/web",
    }
    finished = [event.kind for event in instance.events if event.state.finished]
    assert finished.index("Secret") < finished.index("Job") < finished.index("Deployment")
    deployment = instance.deployment()
    assert deployment
    assert deployment["status"]["availableReplicas"] == 1
    assert result.outputs == {"namespace": instance.name, "password": "<secret>"}
    assert result.warnings == ()
    assert instance.lease() is None


def test_a_second_run_moves_no_resource_version(standing: Instance) -> None:
    before = standing.versions()
    assert len(before) > 6
    result = standing.engine().up()
    assert standing.versions() == before
    assert not result.changed
    assert {event.state for event in standing.events[-5:]} == {ResourceState.UNCHANGED}


def test_a_changed_setting_updates_only_what_it_touches(standing: Instance) -> None:
    result = standing.engine(replicas=2).up()
    assert names(result.updated) == {"Deployment/web"}
    assert len(result.unchanged) == 4


def test_what_left_the_program_is_deleted_and_the_rest_stays(standing: Instance) -> None:
    result = standing.engine(service=False).up()
    assert names(result.deleted) == {"Service/web"}
    assert standing.get("Service", "web") is None
    assert len(result.unchanged) == 4
    assert not standing.engine(service=False).up().changed


def test_a_run_refuses_another_and_killed_half_way_is_completed_by_the_next_with_the_same_password(
    instance: Instance,
) -> None:
    process = instance.start_up(stuck=True)
    eventually(lambda: instance.deployment(), seconds=60)
    password = instance.password()
    with pytest.raises(OpsError, match=r"Another run is working on stack 'sample-.*': process \d+ on"):
        instance.engine().up()
    assert process.poll() is None, "the first goes on"
    process.kill()
    process.wait()
    result = instance.engine().up()
    assert names(result.updated) == {"Deployment/web"}
    assert instance.password() == password
    assert instance.lease() is None


def test_generated_values_are_on_record_before_the_first_object_is_made(instance: Instance) -> None:
    process = instance.start_up()
    eventually(instance.state, seconds=60)
    process.kill()
    process.wait()
    values = instance.engine().generated()
    instance.engine().up()
    assert instance.engine().generated() == values
    assert b64decode(instance.password()).decode() == values["data-password"]


def test_a_failed_job_is_told_with_its_reason_and_the_next_run_works_after_the_fix(instance: Instance) -> None:
    with pytest.raises(OpsError) as caught:
        instance.engine(failJob=True).up()
    message = caught.value.message
    assert f"Job {instance.name}/migrate failed: DeadlineExceeded" in message
    assert "FailedScheduling" in message
    assert f"Not deployed for that reason: Deployment {instance.name}/web." in message
    assert instance.deployment() is None
    assert names(instance.engine().up().replaced) == {"Job/migrate"}


def test_a_rollout_that_cannot_succeed_names_the_pods_and_why(instance: Instance) -> None:
    with pytest.raises(OpsError) as caught:
        instance.engine(stuck=True, progressDeadline=2).up()
    assert f"Deployment {instance.name}/web failed" in caught.value.message
    assert "is Pending: Unschedulable" in caught.value.message
    assert instance.password() not in caught.value.message
    assert names(instance.engine().up().updated) == {"Deployment/web"}


def test_a_foreign_object_is_refused_before_anything_is_made(instance: Instance) -> None:
    instance.client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": instance.name}})
    with pytest.raises(OpsError, match=f"Namespace {instance.name} exists and was not made by this stack"):
        instance.engine().up()
    assert instance.state() is None
    assert instance.get("Secret", "data") is None


def test_protected_objects_stop_down_before_anything_is_touched(instance: Instance) -> None:
    instance.engine(protect=True).up()
    before = instance.versions()
    for refused in (instance.engine(protect=True).check_down, instance.engine(protect=True).down):
        with pytest.raises(OpsError, match=f"protected:\n  Namespace {instance.name}"):
            refused()
    assert instance.versions() == before
    assert len(instance.engine(protect=True).down(unprotect=True).deleted) == 5
    assert instance.versions() == {}
    instance.engine(protect=True).up()
    assert not instance.engine().up().changed
    # Without protection down leaves nothing, and has nothing left to do.
    assert len(instance.engine().down().deleted) == 5
    assert instance.get("Namespace", instance.name) is None
    assert instance.versions() == {}
    assert instance.engine().down().deleted == ()


def test_a_namespace_that_was_deleted_is_made_anew_with_the_same_password_and_a_warning(standing: Instance) -> None:
    assert standing.engine().up().warnings == ()
    password = standing.password()
    standing.client.delete(Ref("v1", "Namespace", "", standing.name))
    eventually(lambda: standing.get("Namespace", standing.name) is None)
    result = standing.engine().up()
    (warning,) = result.warnings
    assert f"Namespace {standing.name} is not the one that the stack was deployed to" in warning
    assert standing.password() == password
    assert standing.engine().up().warnings == ()


def test_preview_shows_creations_and_changes_nothing(instance: Instance) -> None:
    preview = instance.engine().preview()
    assert {change.action for change in preview.changes} == {Operation.CREATE}
    assert instance.get("Namespace", instance.name) is None
    assert instance.state() is None


def test_preview_shows_fields_and_deletions_and_changes_nothing(standing: Instance) -> None:
    before = standing.versions()
    assert not standing.engine().preview().has_changes
    changes = {change.ref.kind: change for change in standing.engine(replicas=2, service=False).preview().changes}
    assert [(field.path, field.old, field.new) for field in changes["Deployment"].fields] == [
        ("spec.replicas", "1", "2")
    ]
    assert changes["Service"].action is Operation.DELETE
    assert changes["Secret"].action is Operation.UNCHANGED
    assert standing.versions() == before


def test_a_field_that_does_not_exist_is_refused_by_name(instance: Instance) -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "default"}, "dta": {}}
    with pytest.raises(OpsError, match="dta"):
        instance.client.apply(manifest, force=False, dry_run=True)
