"""The engine that deploys without Pulumi waits for what is true of a Cluster, and says why it is not yet."""

import threading
from typing import Any
from unittest import mock

import pytest

from flagops.engines.direct.rollout import ObjectDeployer
from flagops.engines.events import Event, ResourceState
from flagops.engines.pulumi_cli.settled import settle
from flagops.errors import DeadlineError, FailedError
from flagops.evaluation.program import KubeObject, Program
from flagops.kubernetes import awaiting
from flagops.kubernetes.client import Client
from flagops.kubernetes.connection import connect
from flagops.kubernetes.objects import Ref
from tests.cloudnative_pg import Operator
from tests.deployment.data_tier import IMAGE, NAME, NEWER_IMAGE, cluster, image

pytestmark = pytest.mark.cluster
RESOURCES = {"requests": {"cpu": "100m"}}


def deploy(cnpg: Operator, name: str = NAME, *, seconds: float = 90, **spec: Any) -> tuple[ResourceState, list[str]]:
    """What became of the Cluster, and what was said meanwhile."""
    manifest = cluster(name, resources=RESOURCES, **spec)
    ref, said = Ref.of(manifest), []

    def note(event: Event) -> None:
        said.append(event.message)

    item = KubeObject(ref, manifest, (), frozenset(), timeout=seconds)
    program = Program("project", "stack", (item,), {}, frozenset(), {})
    client = Client(connect(cnpg.platform.cluster.kubeconfig, cnpg.platform.cluster.context))
    deployer = ObjectDeployer(client, program, {ref: client.get(ref)}, note, threading.Event())
    deployer.deploy(ref)
    return deployer.done[ref], said


def test_a_new_image_is_waited_for_on_every_instance(cnpg: Operator) -> None:
    with mock.patch.object(awaiting, "STEADY_SECONDS", 0.0):  # what is new was nothing before that it could still say
        assert deploy(cnpg, instances=2, seconds=240)[0] is ResourceState.CREATED
    assert {image(pod) for pod in cnpg.instances(NAME).values()} == {IMAGE}
    state, said = deploy(cnpg, instances=2, seconds=240, imageName=NEWER_IMAGE)
    assert state is ResourceState.UPDATED
    assert [image(pod) for pod in cnpg.instances(NAME).values()] == [NEWER_IMAGE] * 2
    # Each phase is short, and is not seen by every question.
    reasons = ("Upgrading cluster: ", "Primary instance is being ", "not yet with the image ", "being deleted: ")
    assert any(text.startswith(reasons) for text in said), said
    assert "whether it stays so" in said[-2]


def test_a_definition_that_the_operator_refuses_fails_with_its_words(cnpg: Operator) -> None:
    with pytest.raises(FailedError, match=r"Invalid cluster definition: .*spec\.postgresql\.parameters\.port"):
        deploy(cnpg, "wrong", postgresql={"parameters": {"port": "5433"}})


def test_what_never_comes_up_is_told_with_the_phase_and_the_pod_that_waits(cnpg: Operator) -> None:
    initdb = {"database": "flagsmith", "owner": "flagsmith", "secret": {"name": "not-there"}}
    with pytest.raises(DeadlineError) as raised:
        deploy(cnpg, "secret", seconds=8, bootstrap={"initdb": initdb})
    assert "Setting up primary: Creating primary instance secret-1" in raised.value.message
    assert 'CreateContainerConfigError secret "not-there" not found' in raised.value.message


def test_after_pulumi_a_changed_cluster_is_waited_for_as_well(cnpg: Operator) -> None:
    cnpg.apply(cluster("later", resources=RESOURCES))
    deploy(cnpg, "later")
    changed = cluster("later", resources=RESOURCES, imageName=NEWER_IMAGE)
    heard: list[Event] = []
    cnpg.apply(changed)
    here = cnpg.platform.cluster
    settle(here.kubeconfig, here.context, [(ResourceState.UPDATED, changed)], heard.append)
    assert [image(pod) for pod in cnpg.instances("later").values()] == [NEWER_IMAGE]
    assert heard[-1] == Event("later", "Cluster", ResourceState.UPDATED)
