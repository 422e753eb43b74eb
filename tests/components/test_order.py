"""What is made before what, and what is protected."""

import pytest

from components.settings.releases import GUNICORN, TASKS
from tests.recording import STACKS, Recording, record, recorded


def needs_of(recording: Recording, kind: str, name: str) -> set[str]:
    (item,) = (o for o in recording.program.objects if (o.ref.kind, o.ref.name) == (kind, name))
    return recording.needed_by(item)


def job_name(recording: Recording, prefix: str) -> str:
    return str(recording.starting("Job", prefix)["metadata"]["name"])


@pytest.mark.parametrize("stack", STACKS)
def test_databases_migration_bootstrap_api_and_worker_gate_each_the_next(stack: str) -> None:
    recording = recorded(stack)
    migrate, bootstrap = job_name(recording, "flagsmith-migrate-"), job_name(recording, "flagsmith-bootstrap-")

    needed = needs_of(recording, "Job", migrate)
    roles, grants = job_name(recording, "flagsmith-roles-"), job_name(recording, "flagsmith-grants-")
    assert f"Job/{roles}" in needed
    assert "StatefulSet/flagsmith-postgres" in needs_of(recording, "Job", roles)
    assert f"Job/{migrate}" in needs_of(recording, "Job", grants)
    assert {"StatefulSet/flagsmith-postgres", "Service/flagsmith-postgres", "Service/flagsmith-redis"} <= needed
    assert {"Secret/flagsmith-postgres", "Secret/flagsmith-redis", "Secret/flagsmith-django"} <= needed
    assert f"Job/{migrate}" in needs_of(recording, "Job", bootstrap)
    assert {f"Job/{migrate}", f"Job/{bootstrap}"} <= needs_of(recording, "Deployment", "flagsmith")
    assert "Deployment/flagsmith" in needs_of(recording, "Deployment", "flagsmith-task-processor")
    if recording.all("Ingress"):
        assert "Service/flagsmith" in needs_of(recording, "Ingress", "flagsmith")


def test_the_stacks_for_others_clusters_have_a_way_in() -> None:
    assert [len(recorded(stack).all("Ingress")) for stack in STACKS] == [0, 1, 1]


def test_only_the_migration_job_migrates() -> None:
    recording = recorded("production")
    migrate = job_name(recording, "flagsmith-migrate-")
    commands = {
        manifest["metadata"]["name"]: manifest["spec"]["template"]["spec"]["containers"][0].get("args")
        for kind in ("Deployment", "Job")
        for manifest in recording.all(kind)
    }
    assert commands[migrate] == ["migrate"]
    assert commands["flagsmith"] == ["start", *GUNICORN, "api"]
    assert commands["flagsmith-task-processor"][:4] == ["start", *TASKS, "task-processor"]


def test_production_protects_its_namespace_database_volume_and_secrets() -> None:
    protected = {f"{item.ref.kind}/{item.ref.name}" for item in recorded("production").program.objects if item.protect}
    assert protected >= {
        "Namespace/feature-flags",
        "StatefulSet/flagsmith-postgres",
        "PersistentVolumeClaim/flagsmith-postgres-data",
        "Secret/flagsmith-postgres",
        "Secret/flagsmith-database",
        "Secret/flagsmith-redis",
        "Secret/flagsmith-django",
        "Secret/flagsmith-admin",
        "Secret/flagsmith-bootstrap-keys",
        *(f"Secret/flagsmith-sdk-keys-{name}" for name in ("development", "staging", "production")),
    }
    # What can be made again may be switched off or changed: a quota, a Service, a workload without data. The record
    # of the deployment depends on all else, so that a removal meets it first.
    assert {name.partition("/")[0] for name in protected - {"ConfigMap/flagsmith-deployment"}} == {
        "Namespace",
        "StatefulSet",
        "PersistentVolumeClaim",
        "Secret",
    }


@pytest.mark.parametrize("stack", ["local", "staging"])
def test_other_stacks_protect_nothing(stack: str) -> None:
    assert not [item.ref for item in recorded(stack).program.objects if item.protect]


def test_a_generated_password_is_not_protected_itself_so_that_it_can_be_renewed() -> None:
    passwords = [r for r in recorded("production").registrations.values() if "randomPassword" in r.type]
    assert len(passwords) >= 8
    assert not any(password.protect for password in passwords)


def test_the_jobs_are_named_by_what_they_run() -> None:
    before, again = record("local"), record("local")
    other = record("local", {"version": "2.264.0"})
    for prefix in ("flagsmith-migrate-", "flagsmith-bootstrap-"):
        assert job_name(before, prefix) == job_name(again, prefix)
        assert job_name(before, prefix) != job_name(other, prefix)
