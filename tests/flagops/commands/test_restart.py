"""`ff restart`: new pods, waited for; what cannot be restarted is refused."""

from collections.abc import Callable

import pytest
from typer.testing import Result

from flagops.errors import OpsError
from flagops.kubernetes.objects import Ref
from flagops.pods.pods import PodComponent, pods
from flagops.pods.restart import restart
from flagops.stacks.deployed import Instance

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]


def names(instance: Instance, component: PodComponent) -> set[str]:
    found = pods(instance, component)
    return {pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"]}


def test_all_pods_of_flagsmith_are_replaced_and_those_of_the_data_are_not(instance: Instance, run: Run) -> None:
    before = {component: names(instance, component) for component in PodComponent}
    assert run("restart").exit_code == 0
    after = {component: names(instance, component) for component in PodComponent}
    for component in (PodComponent.API, PodComponent.TASK_PROCESSOR):
        assert not before[component] & after[component]
        assert len(after[component]) == len(before[component])
    for component in (PodComponent.DATABASE, PodComponent.CACHE):
        assert before[component] == after[component]


def test_a_restart_is_no_change_to_the_next_deployment(instance: Instance, run: Run) -> None:

    run("restart", "--component", "cache")
    restarted = names(instance, PodComponent.CACHE)
    ref = Ref("apps/v1", "Deployment", instance.namespace, "flagsmith-redis")
    live = instance.client.get(ref)
    assert live is not None
    assert "kubectl.kubernetes.io/restartedAt" in live["spec"]["template"]["metadata"]["annotations"]
    assert names(instance, PodComponent.CACHE) == restarted


def test_a_job_cannot_be_restarted(instance: Instance, run: Run) -> None:
    shown = run("restart", "--component", "migration")
    assert shown.exit_code == 1
    assert "'migration' cannot be restarted" in shown.stderr
    assert "Allowed are: api, task-processor, cache, database, edge" in shown.stderr
    assert instance.namespace == "feature-flags"


@pytest.mark.usefixtures("crashing_redis")
def test_pods_that_do_not_come_up_are_named(instance: Instance) -> None:
    with pytest.raises(OpsError, match="flagsmith-redis") as error:
        restart(instance, [PodComponent.CACHE], seconds=3, on_step=lambda _: None)
    assert "CrashLoopBackOff" in str(error.value) or "is not ready" in str(error.value)
