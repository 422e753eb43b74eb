"""The stack `local`, deployed on the throw-away cluster, as the commands that operate it find it."""

from collections.abc import Iterator

import pytest

from flagops.kubernetes.objects import Manifest, Ref
from flagops.stacks import target
from flagops.stacks.deployed import Instance, open_instance
from flagops.stacks.target import StackTarget
from tests.containers import Containers
from tests.flagops.commands.faults import changed_workload
from tests.platform import Platform

FAIL = "kwok.feature-flags/fail"  # see flagops/local_cluster/stages.yaml


@pytest.fixture
def place(deployed: Platform, monkeypatch: pytest.MonkeyPatch) -> StackTarget:
    """Every command's stack is the deployed one."""
    found = StackTarget(deployed.stack(), deployed.cluster.context, deployed.cluster.kubeconfig)
    monkeypatch.setattr(target, "find", lambda _: found)
    return found


@pytest.fixture
def instance(place: StackTarget) -> Iterator[Instance]:
    with open_instance(place.stack.name) as opened:
        yield opened


@pytest.fixture
def crashing_redis(instance: Instance) -> Iterator[None]:
    """Redis' pods crash over and over."""
    ref = Ref("apps/v1", "Deployment", instance.namespace, "flagsmith-redis")

    def annotated(value: str | None) -> Manifest:
        return {"spec": {"template": {"metadata": {"annotations": {FAIL: value}}}}}

    with changed_workload(instance, ref, annotated("true"), annotated(None)):
        yield


@pytest.fixture
def database(containers: Containers) -> Containers:
    """The containers, with a database that runs, whatever an earlier test did to it, and who asks by `ff db psql`."""
    server = containers.postgres
    server.start()
    if not server.query("SELECT 1 FROM pg_roles WHERE rolname = 'flagsmith_operator'", "postgres"):
        server.query(f"CREATE ROLE flagsmith_operator LOGIN PASSWORD '{server.password}'", "postgres")
    return containers


@pytest.fixture
def cache(containers: Containers) -> Iterator[Containers]:
    """The containers, with an empty Redis that runs."""
    containers.redis.start()
    with containers.redis.client() as client:
        client.flushall()
    yield containers
    containers.redis.stop()
