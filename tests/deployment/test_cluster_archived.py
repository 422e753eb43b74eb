"""What `ff` does with an archived Cluster, against CloudNativePG's real operator: backup, drill, recovery and more.

The plugin and PostgreSQL are doubles: what is in an archive and in tables is tried by hand on real nodes.
"""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from threading import Event
from typing import Any

import pytest

from flagops.commands.db.backups.base import archive, scratch
from flagops.commands.db.switchover import switchover
from flagops.commands.doctor.cluster import FENCED, cluster
from flagops.commands.doctor.model import Examination
from flagops.errors import FailedError
from flagops.kubernetes.client import Client
from flagops.kubernetes.connection import connect
from flagops.kubernetes.objects import Ref
from flagops.kubernetes.postgres_cluster import CONTAINER, pods_of
from flagops.pods.exec import run
from flagops.stacks.deployed import Instance
from tests.cloudnative_pg import Operator
from tests.components.postgres.test_cluster import clustered
from tests.doubles.cloudnative_pg.manager_program import PROGRAM, installed
from tests.fixtures_cluster import eventually

pytestmark = pytest.mark.cluster
NAME = "flagsmith-pg"
SECTION: dict[str, Any] = {"instances": 2, "backup": {"enabled": True}}
BUCKET = {"s3": {"bucket": "backups", "existingSecret": "s3"}}


@pytest.fixture(scope="module")
def instance(cnpg_archived: Operator) -> Iterator[Instance]:
    """The stack's Cluster, as the program makes it, two servers and well."""
    platform, namespace = cnpg_archived.platform, cnpg_archived.namespace
    overrides = {"namespace": {"name": namespace}, "backup": BUCKET}
    stack = platform.stack({**overrides, "postgres": {"mode": "cloudnativepg", "cluster": SECTION}})
    api = connect(platform.cluster.kubeconfig, platform.cluster.context)
    found = Instance(stack, stack.settings, platform.cluster.context, platform.cluster.kubeconfig, Client(api), api)
    login = {key: b64encode(value).decode() for key, value in OWNER.items()}
    owner = {"name": f"{NAME}-owner", "namespace": namespace}
    basic = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/basic-auth", "metadata": owner, "data": login}
    cnpg_archived.apply(basic, made(namespace, SECTION))
    comes_up(cnpg_archived, NAME, 2)
    yield found
    # Tests of another module count the Secrets of this namespace.
    found.client.delete(Ref("v1", "Secret", namespace, owner["name"]))
    found.client.close()


OWNER = {"username": b"flagsmith_administrator", "password": b"only-for-tests"}


def made(namespace: str, section: dict[str, Any]) -> dict[str, Any]:
    """The Cluster of these settings."""
    (item,) = clustered(section, backup=BUCKET).all("Cluster")
    return {**item, "metadata": {**item["metadata"], "namespace": namespace}}


def comes_up(cnpg: Operator, name: str, servers: int) -> None:
    def it_is_well() -> bool:
        if (cnpg.namespace, name) not in cnpg.managers.clusters.items:
            return False
        status = cnpg.cluster(name)["status"]
        assert "unknown plugin" not in str(status.get("phase")).lower(), status
        assert status.get("phase") != "Invalid cluster definition", status
        return bool(status.get("phase") == "Cluster in healthy state" and status.get("readyInstances") == servers)

    eventually(it_is_well, seconds=90)


def test_a_drill_s_cluster_is_recovered_by_a_job_and_nothing_of_it_is_left(
    cnpg_archived: Operator, instance: Instance
) -> None:
    live, lines = archive.require_cluster(instance), list[str]()
    uid = live["metadata"]["uid"]
    with scratch.removed(instance, NAME, lines.append):
        instance.client.create(scratch.manifest(live, archive.archived_as(live), "20261120T014500", "0/5000148"))
        scratch.wait(instance, NAME, lines.append, Event())
        there = instance.get("postgresql.cnpg.io/v1", "Cluster", scratch.name_of(NAME))
        assert there is not None
        jobs = [job for _, job in cnpg_archived.managers.pods.events if job["metadata"]["name"].startswith(NAME)]
        assert jobs
        assert any("Setting up primary" in line for line in lines), lines
        assert scratch.authority(instance, scratch.name_of(NAME)).startswith("-----BEGIN CERTIFICATE")
        services = {item["metadata"]["name"] for item in cnpg_archived.items("services")}
        assert f"{NAME}-drill-rw" in services
    assert instance.get("postgresql.cnpg.io/v1", "Cluster", scratch.name_of(NAME)) is None
    for kind in ("Pod", "PersistentVolumeClaim"):
        assert instance.items("v1", kind, labelSelector=pods_of(there)) == []
    assert archive.require_cluster(instance)["metadata"]["uid"] == uid
    assert len(cnpg_archived.instances(NAME)) == 2, "the live one is as it was"


def test_the_cluster_that_a_moment_is_recovered_into_comes_up_beside_it(
    cnpg_archived: Operator, instance: Instance
) -> None:
    moment = {"cluster": NAME, "targetTime": "2026-11-20T13:05:00Z"}
    section = {**SECTION, "instances": 1, "name": f"{NAME}-2", "kept": [NAME], "recovery": moment}
    clusters = {item["metadata"]["name"]: item for item in clustered(section, backup=BUCKET).all("Cluster")}
    wanted = clusters[f"{NAME}-2"]
    cnpg_archived.apply({**wanted, "metadata": {**wanted["metadata"], "namespace": instance.namespace}})
    try:
        comes_up(cnpg_archived, f"{NAME}-2", 1)
    finally:
        instance.client.delete(Ref("postgresql.cnpg.io/v1", "Cluster", instance.namespace, f"{NAME}-2"))
    assert len(cnpg_archived.instances(NAME)) == 2


def test_a_switchover_hands_over_and_waits_until_all_is_well(cnpg_archived: Operator, instance: Instance) -> None:
    before = cnpg_archived.cluster(NAME)["status"]["currentPrimary"]
    said: list[str] = []
    done = switchover(instance, None, said.append)
    assert (done.before, done.primary != before) == (before, True)
    roles = {
        name: pod["metadata"]["labels"]["cnpg.io/instanceRole"] for name, pod in cnpg_archived.instances(NAME).items()
    }
    assert roles == {done.primary: "primary", before: "replica"}
    assert cnpg_archived.cluster(NAME)["status"]["phase"] == "Cluster in healthy state"
    assert said, "nothing is said meanwhile"


def test_the_doctor_sees_what_is_fenced_and_nothing_else_of_one_that_is_well(
    cnpg_archived: Operator, instance: Instance
) -> None:
    def found() -> set[str]:
        return {item.name for item in cluster(Examination(instance))}

    # Nothing is archived here, and no PostgreSQL answers in these pods: both are said.
    known = {"base-backup-missing", "cluster-lag-unknown"}
    assert found() == known
    ref = Ref("postgresql.cnpg.io/v1", "Cluster", instance.namespace, NAME)
    instance.client.merge(ref, {"metadata": {"annotations": {FENCED: '["*"]'}}})
    try:
        assert "cluster-fenced" in found()
    finally:
        instance.client.merge(ref, {"metadata": {"annotations": {FENCED: None}}})
    eventually(lambda: found() == known)
    assert cnpg_archived.cluster(NAME)["status"]["phase"] == "Cluster in healthy state"


def test_a_base_backup_is_made_to_its_end_and_listed(cnpg_archived: Operator, instance: Instance) -> None:
    platform, namespace = cnpg_archived.platform, cnpg_archived.namespace
    primary = cnpg_archived.instances(NAME)[cnpg_archived.cluster(NAME)["status"]["currentPrimary"]]
    home, said = cnpg_archived.log.parent, list[str]()
    assert archive.base_backups(instance) == []

    def the_program_is_found() -> bool:
        with suppress(FailedError):
            return run(instance, primary, [PROGRAM, "version"], container=CONTAINER).code == 0
        return False

    with installed(platform.http, platform.cluster.kubeconfig, namespace, home):
        eventually(the_program_is_found)
        made = archive.make(instance, said.append)
    assert made.state == archive.COMPLETED
    assert archive.base_backups(instance) == [made]
    assert made.major == instance.settings.postgres.cluster.major
    assert "base-backup-missing" not in {item.name for item in cluster(Examination(instance))}
    ref = Ref("postgresql.cnpg.io/v1", "Backup", instance.namespace, made.name)
    live = instance.client.get(ref)
    assert live is not None
    assert live["status"]["instanceID"]["podName"] in cnpg_archived.instances(NAME)
    instance.client.delete(ref)
