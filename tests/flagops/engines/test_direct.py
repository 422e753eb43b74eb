"""The direct engine against a real API server."""

from base64 import b64decode
from collections.abc import Iterator
from uuid import uuid4

import pytest

from flagops.engines.direct.results import Operation
from flagops.engines.events import ResourceState
from flagops.errors import OpsError
from flagops.kubernetes.objects import Ref
from flagops.local_cluster.api import LocalCluster
from tests.fixtures_cluster import eventually
from tests.flagops.engines.site import Site

pytestmark = pytest.mark.cluster


@pytest.fixture
def site(cluster: LocalCluster) -> Iterator[Site]:
    made = Site(f"sample-{uuid4().hex[:8]}", cluster.kubeconfig, cluster.context)
    try:
        yield made
    finally:
        made.clean_up()


def names(refs: tuple[Ref, ...]) -> set[str]:
    return {f"{ref.kind}/{ref.name}" for ref in refs}


def test_the_first_run_makes_all_in_order_and_waits(site: Site) -> None:
    result = site.engine().up()
    assert names(result.created) == {
        f"Namespace/{site.name}",
        "Secret/data",
        "Service/web",
        "Job/migrate",
        "Deployment/web",
    }
    finished = [event.kind for event in site.events if event.state.finished]
    assert finished.index("Secret") < finished.index("Job") < finished.index("Deployment")
    deployment = site.deployment()
    assert deployment
    assert deployment["status"]["availableReplicas"] == 1
    assert result.outputs == {"namespace": site.name, "password": "<secret>"}
    assert site.lease() is None


def test_a_second_run_moves_no_resource_version(site: Site) -> None:
    site.engine().up()
    before = site.versions()
    assert len(before) > 6
    result = site.engine().up()
    assert site.versions() == before
    assert not result.changed
    assert {event.state for event in site.events[-5:]} == {ResourceState.UNCHANGED}


def test_a_changed_setting_updates_only_what_it_touches(site: Site) -> None:
    site.engine().up()
    result = site.engine(replicas=2).up()
    assert names(result.updated) == {"Deployment/web"}
    assert len(result.unchanged) == 4


def test_what_left_the_program_is_deleted_and_the_rest_stays(site: Site) -> None:
    site.engine().up()
    result = site.engine(service=False).up()
    assert names(result.deleted) == {"Service/web"}
    assert site.get("Service", "web") is None
    assert len(result.unchanged) == 4
    assert not site.engine(service=False).up().changed


def test_a_run_killed_half_way_is_completed_by_the_next_with_the_same_password(site: Site) -> None:
    process = site.start_up(stuck=True)
    eventually(lambda: site.deployment(), seconds=60)
    password = site.password()
    process.kill()
    process.wait()
    result = site.engine().up()
    assert names(result.updated) == {"Deployment/web"}
    assert site.password() == password
    assert site.lease() is None


def test_generated_values_are_on_record_before_the_first_object_is_made(site: Site) -> None:
    process = site.start_up()
    eventually(site.state, seconds=60)
    process.kill()
    process.wait()
    values = site.engine().generated()
    site.engine().up()
    assert site.engine().generated() == values
    assert b64decode(site.password()).decode() == values["data-password"]


def test_two_runs_at_a_time_are_refused_and_the_first_goes_on(site: Site) -> None:
    site.start_up(stuck=True)
    eventually(lambda: site.deployment(), seconds=60)
    with pytest.raises(OpsError, match=r"Another run is working on stack 'sample-.*': process \d+ on"):
        site.engine().up()
    assert site.running[0].poll() is None


def test_a_failed_job_is_told_with_its_reason_and_the_next_run_works_after_the_fix(site: Site) -> None:
    with pytest.raises(OpsError) as caught:
        site.engine(failJob=True).up()
    message = caught.value.message
    assert f"Job {site.name}/migrate failed: DeadlineExceeded" in message
    assert "FailedScheduling" in message
    assert f"Not deployed for that reason: Deployment {site.name}/web." in message
    assert site.deployment() is None
    assert names(site.engine().up().replaced) == {"Job/migrate"}


def test_a_rollout_that_cannot_succeed_names_the_pods_and_why(site: Site) -> None:
    with pytest.raises(OpsError) as caught:
        site.engine(stuck=True, progressDeadline=2).up()
    assert f"Deployment {site.name}/web failed" in caught.value.message
    assert "is Pending: Unschedulable" in caught.value.message
    assert site.password() not in caught.value.message
    assert names(site.engine().up().updated) == {"Deployment/web"}


def test_a_foreign_object_is_refused_before_anything_is_made(site: Site) -> None:
    site.client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": site.name}})
    with pytest.raises(OpsError, match=f"Namespace {site.name} exists and was not made by this stack"):
        site.engine().up()
    assert site.state() is None
    assert site.get("Secret", "data") is None


def test_protected_objects_stop_down_before_anything_is_touched(site: Site) -> None:
    site.engine(protect=True).up()
    before = site.versions()
    for refused in (site.engine(protect=True).check_down, site.engine(protect=True).down):
        with pytest.raises(OpsError, match=f"protected:\n  Namespace {site.name}"):
            refused()
    assert site.versions() == before
    assert len(site.engine(protect=True).down(unprotect=True).deleted) == 5
    assert site.versions() == {}
    site.engine(protect=True).up()
    assert not site.engine().up().changed
    assert site.engine().down().deleted


def test_a_namespace_that_was_deleted_is_made_anew_with_the_same_password_and_a_warning(site: Site) -> None:
    assert site.engine().up().warnings == ()
    password = site.password()
    site.client.delete(Ref("v1", "Namespace", "", site.name))
    eventually(lambda: site.get("Namespace", site.name) is None)
    result = site.engine().up()
    (warning,) = result.warnings
    assert f"Namespace {site.name} is not the one that the stack was deployed to" in warning
    assert site.password() == password
    assert site.engine().up().warnings == ()


def test_preview_shows_creations_and_changes_nothing(site: Site) -> None:
    preview = site.engine().preview()
    assert {change.action for change in preview.changes} == {Operation.CREATE}
    assert site.get("Namespace", site.name) is None
    assert site.state() is None


def test_preview_shows_fields_and_deletions_and_changes_nothing(site: Site) -> None:
    site.engine().up()
    before = site.versions()
    assert not site.engine().preview().has_changes
    changes = {change.ref.kind: change for change in site.engine(replicas=2, service=False).preview().changes}
    assert [(field.path, field.old, field.new) for field in changes["Deployment"].fields] == [
        ("spec.replicas", "1", "2")
    ]
    assert changes["Service"].action is Operation.DELETE
    assert changes["Secret"].action is Operation.UNCHANGED
    assert site.versions() == before


def test_down_leaves_nothing(site: Site) -> None:
    site.engine().up()
    result = site.engine().down()
    assert len(result.deleted) == 5
    assert site.get("Namespace", site.name) is None
    assert site.versions() == {}
    assert site.engine().down().deleted == ()


def test_a_field_that_does_not_exist_is_refused_by_name(site: Site) -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "default"}, "dta": {}}
    with pytest.raises(OpsError, match="dta"):
        site.client.apply(manifest, force=False, dry_run=True)
