"""The order of rendered objects for Argo CD."""

from collections.abc import Callable
from pathlib import Path

import yaml

from ops.engine.model import KubeObject, Program, Ref
from ops.engine.render import render
from ops.engine.waves import ANNOTATION, sync_waves
from ops.stacks import Stack
from tests.engine.conftest import PROGRAM

CLAIM, STATEFUL_SET = Ref("v1", "PersistentVolumeClaim", "n", "data"), Ref("apps/v1", "StatefulSet", "n", "data")
DEPLOYMENT = Ref("apps/v1", "Deployment", "n", "web")
AUTOSCALER = Ref("autoscaling/v2", "HorizontalPodAutoscaler", "n", "web")


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
            if item:
                found[item["kind"]] = item["metadata"]["annotations"][ANNOTATION]
    assert found == {"Namespace": "0", "Job": "2", "Deployment": "3", "Service": "3"}


def test_a_volume_claim_is_in_the_wave_of_the_pods_it_waits_for() -> None:
    waves = sync_waves(made((CLAIM, "data", ()), (STATEFUL_SET, "data", (CLAIM,)), (DEPLOYMENT, "web", (CLAIM,))))
    assert waves == {CLAIM: 0, STATEFUL_SET: 0, DEPLOYMENT: 1}


def test_an_autoscaler_is_in_the_wave_of_what_it_scales() -> None:
    waves = sync_waves(made((AUTOSCALER, "autoscaler", ()), (DEPLOYMENT, "web", (AUTOSCALER,))))
    assert waves == {AUTOSCALER: 1, DEPLOYMENT: 1}


def test_components_that_need_each_other_go_object_by_object() -> None:
    waves = sync_waves(made((CLAIM, "one", ()), (STATEFUL_SET, "two", (CLAIM,)), (DEPLOYMENT, "one", (STATEFUL_SET,))))
    assert (waves[CLAIM], waves[STATEFUL_SET], waves[DEPLOYMENT]) == (0, 1, 2)
