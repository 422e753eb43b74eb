"""The commands of docs/gitops.md, run as they stand on the simulated cluster, and what its patch for Flux leaves."""

import base64
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from flagops.commands.render.gitops import KUSTOMIZATION
from flagops.commands.render.render import render
from flagops.commands.render.waves import ANNOTATION, sync_waves
from flagops.evaluation.evaluate import evaluate
from flagops.evaluation.generated import Placeholders
from flagops.project import for_children
from flagops.stacks.files import load_stack
from tests.fixtures_cluster import eventually
from tests.gitops import argocd, flux
from tests.platform import Platform
from tests.recording import ROOT

PAGE = (ROOT / "docs" / "gitops.md").read_text(encoding="utf-8")
NAMESPACE = "feature-flags"
Kubectl = Callable[..., str]


def commands() -> list[list[str]]:
    """The commands of the part "By hand"."""
    part = PAGE.partition("## By hand")[2]
    (block,) = re.findall(r"```console\n(.*?)```", part, flags=re.DOTALL)
    return [shlex.split(line.removeprefix("$ ")) for line in block.splitlines()]


def secrets(kind: str = "Secret") -> str:
    """The Secrets of production as their owner makes them: every key has a value, however it is called."""
    items = [
        o.manifest for o in evaluate(ROOT, load_stack("production", ROOT), Placeholders()).objects if o.ref.kind == kind
    ]
    plain = base64.b64encode(b"chosen-by-the-operator").decode()
    return yaml.safe_dump_all({**item, "data": dict.fromkeys(item["data"], plain)} for item in items)


@pytest.fixture
def kubectl(platform: Platform, program: Callable[[str, str], str], tmp_path: Path) -> Iterator[Kubectl]:
    """Run kubectl, or ff, on the throw-away cluster, whose namespace is the tests' alone, in a directory of its own."""
    platform.engine().down()
    names = {"kubectl": [program("kubectl", "kubernetes-client")], "ff": [str(Path(sys.executable).with_name("ff"))]}
    environment = {**os.environ, **for_children(ROOT), "KUBECONFIG": str(platform.cluster.kubeconfig), "NO_PROXY": "*"}

    def run(name: str, *arguments: str) -> str:
        done = subprocess.run(
            [*names[name], *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{name} {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    yield run
    run("kubectl", "delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=2m")


def applied(command: list[str]) -> list[str]:
    return [name.removeprefix("out/") for flag, name in pairwise(command) if flag == "-f"]


def test_each_file_comes_after_the_waves_before_it_and_a_job_is_awaited_before_what_follows() -> None:
    program = evaluate(ROOT, load_stack("production", ROOT), Placeholders())
    waves = sync_waves(program)
    of_file = {item.component[-1]: waves[item.ref] for item in program.objects if item.ref.kind != "CronJob"}
    steps = [
        max((of_file[name[: -len(".yaml")].removeprefix("00-")] for name in files), default=-1)
        for files in (applied(command) for command in commands())
        if files and files != ["secrets.yaml"]
    ]
    assert steps == sorted(steps)
    assert len(steps) == 6
    verbs = [command[3] for command in commands() if command[1] == "-n"]
    assert verbs.count("wait") == 3


@pytest.mark.cluster
@pytest.mark.timeout(600)
def test_by_hand_the_stack_comes_up_in_the_page_s_order(kubectl: Kubectl, tmp_path: Path) -> None:
    (tmp_path / "secrets.yaml").write_text(secrets(), encoding="utf-8")
    for command in commands():
        kubectl(*command)

    def everything_is_well() -> bool:
        kinds = "deployments,statefulsets,jobs,cronjobs,pvc,pdb,services,configmaps"
        shown = json.loads(kubectl("kubectl", "-n", NAMESPACE, "get", kinds, "-o", "json"))["items"]
        assert len(shown) > 25
        return all(argocd.health(i) in (None, "Healthy") and flux.status(i) == "Current" for i in shown)

    eventually(everything_is_well, seconds=120)
    # Once more, as with a new release: nothing is made anew.
    before = generations(kubectl)
    for command in commands():
        kubectl(*command)
    assert generations(kubectl) == before


def generations(kubectl: Kubectl) -> Mapping[str, int]:
    text = kubectl("kubectl", "-n", NAMESPACE, "get", "deployments,statefulsets,jobs,cronjobs", "-o", "json")
    return {f"{i['kind']} {i['metadata']['name']}": i["metadata"]["generation"] for i in json.loads(text)["items"]}


def test_the_patch_for_flux_leaves_the_objects_of_one_wave(tmp_path: Path, program: Callable[[str, str], str]) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    given: dict[str, Any] = yaml.safe_load(block)
    assert (given["spec"]["wait"], given["spec"]["prune"]) == (True, False)
    render(ROOT, load_stack("production", ROOT), tmp_path / "out")
    overlay = {"kind": "Kustomization", "resources": ["../out"], "patches": given["spec"]["patches"]}
    (tmp_path / "wave").mkdir()
    (tmp_path / "wave" / KUSTOMIZATION).write_text(yaml.safe_dump(overlay), encoding="utf-8")
    done = subprocess.run(
        [program("kubectl", "kubernetes-client"), "kustomize", str(tmp_path / "wave")],
        capture_output=True,
        text=True,
        check=True,
    )
    found = list(yaml.safe_load_all(done.stdout))
    assert {item["metadata"]["annotations"][ANNOTATION] for item in found} == {"3"}
    assert {item["kind"] for item in found} >= {"StatefulSet", "PersistentVolumeClaim", "Deployment"}
