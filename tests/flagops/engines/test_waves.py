"""The order of rendered objects for Argo CD."""

from collections.abc import Callable
from pathlib import Path

import yaml

from flagops.commands.render.gitops import KUSTOMIZATION
from flagops.commands.render.render import render
from flagops.commands.render.waves import ANNOTATION, sync_waves
from flagops.evaluation.program import KubeObject, Program
from flagops.kubernetes.objects import Ref
from flagops.stacks.files import Stack
from tests.flagops.engines.conftest import PROGRAM

CLAIM, STATEFUL_SET = Ref("v1", "PersistentVolumeClaim", "n", "data"), Ref("apps/v1", "StatefulSet", "n", "data")
DEPLOYMENT = Ref("apps/v1", "Deployment", "n", "web")
AUTOSCALER = Ref("autoscaling/v2", "HorizontalPodAutoscaler", "n", "web")


INGRESS, CRON_JOB = Ref("networking.k8s.io/v1", "Ingress", "n", "web"), Ref("batch/v1", "CronJob", "n", "nightly")
RECORD = Ref("v1", "ConfigMap", "n", "record")


def made(*items: tuple[Ref, str, tuple[Ref, ...]]) -> Program:
    target = {"apiVersion": DEPLOYMENT.api_version, "kind": DEPLOYMENT.kind, "name": DEPLOYMENT.name}
    objects = tuple(
        KubeObject(ref, {"spec": {"scaleTargetRef": target}}, (component,), frozenset(needs))
        for ref, component, needs in items
    )
    return Program("p", "s", objects, {}, frozenset(), {})


def test_rendered_objects_carry_their_component_s_wave(tmp_path: Path, sample: Callable[..., Stack]) -> None:
    found = {}
    for path in render(PROGRAM, sample(), tmp_path):
        for item in yaml.safe_load_all(path.read_text()):
            if item and path.name != KUSTOMIZATION:
                found[item["kind"]] = item["metadata"]["annotations"][ANNOTATION]
    assert found == {"Namespace": "0", "Job": "2", "Deployment": "3", "Service": "3"}


def test_a_volume_claim_is_in_the_wave_of_the_pods_it_waits_for() -> None:
    waves = sync_waves(made((CLAIM, "data", ()), (STATEFUL_SET, "data", (CLAIM,)), (DEPLOYMENT, "web", (CLAIM,))))
    assert waves == {CLAIM: 0, STATEFUL_SET: 0, DEPLOYMENT: 1}


def test_what_no_other_component_needs_comes_last_so_that_it_holds_up_nothing() -> None:
    job = Ref("batch/v1", "Job", "n", "report")
    waves = sync_waves(
        made(
            (CLAIM, "data", ()),
            (job, "report", ()),
            (STATEFUL_SET, "one", (CLAIM,)),
            (DEPLOYMENT, "web", (STATEFUL_SET,)),
        )
    )
    assert waves == {CLAIM: 0, job: 2, STATEFUL_SET: 1, DEPLOYMENT: 2}


def test_what_hangs_on_the_night_on_addresses_or_on_metrics_comes_last_though_it_is_needed() -> None:
    job = Ref("batch/v1", "Job", "n", "migrate")
    items = (
        *((INGRESS, "web", ()), (CRON_JOB, "nightly", ()), (AUTOSCALER, "autoscaler", ())),
        *((DEPLOYMENT, "web", (AUTOSCALER, CRON_JOB)), (job, "after", (DEPLOYMENT, INGRESS)), (CLAIM, "end", (job,))),
    )
    assert sync_waves(made(*items)) == {DEPLOYMENT: 0, job: 1, INGRESS: 2, CRON_JOB: 2, AUTOSCALER: 2, CLAIM: 2}


def test_a_record_that_needs_everything_changes_the_order_of_nothing() -> None:
    items = (
        (CLAIM, "data", ()),
        (STATEFUL_SET, "data", (CLAIM,)),
        (DEPLOYMENT, "web", (CLAIM,)),
        (CRON_JOB, "nightly", ()),
    )
    without = sync_waves(made(*items))
    waves = sync_waves(made(*items, (RECORD, "record", tuple(ref for ref, _, _ in items))))
    assert waves == {**without, RECORD: max(without.values())}


def test_components_that_need_each_other_go_object_by_object() -> None:
    waves = sync_waves(made((CLAIM, "one", ()), (STATEFUL_SET, "two", (CLAIM,)), (DEPLOYMENT, "one", (STATEFUL_SET,))))
    assert (waves[CLAIM], waves[STATEFUL_SET], waves[DEPLOYMENT]) == (0, 1, 2)
