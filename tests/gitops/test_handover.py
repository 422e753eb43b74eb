"""Switching the autoscaler on by plain `kubectl apply`: the page's commands never leave fewer pods than the minimum."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flagops.commands.render.render import render
from flagops.stacks.files import load_stack
from tests.platform import Platform
from tests.recording import ROOT

PAGE = (ROOT / "docs" / "gitops.md").read_text(encoding="utf-8")
NAMESPACE = "feature-flags"
PODS, FEWEST = 5, 4
WAYS = {"server-side": "apply --server-side", "client-side": "apply"}
Shell = Callable[[str], str]

pytestmark = pytest.mark.cluster


def commands(way: str) -> str:
    """The commands of the page for one of the two ways."""
    part = PAGE.partition("## Switching the autoscaler on")[2].partition("\n## ")[0]
    blocks = re.findall(r"```console\n(.*?)```", part, flags=re.DOTALL)
    (found,) = [block for block in blocks if ("--server-side" in block) is (way == "server-side")]
    return "\n".join(re.sub(r"^(\$|>) ", "", line) for line in found.splitlines())


@pytest.fixture(scope="module")
def place(
    platform: Platform, program: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shell]:
    """Runs lines in the directory with both renderings: `before`, of five pods, and `out`, with the autoscaler."""
    platform.engine().down()
    directory = tmp_path_factory.mktemp("renderings")
    loaded = load_stack("production", ROOT)
    renderings: dict[str, dict[str, object]] = {
        "before": {"replicas": PODS},
        "out": {"autoscaling": {"enabled": True, "minReplicas": FEWEST, "maxReplicas": 9}},
    }
    for folder, settings in renderings.items():
        config = {key: value for key, value in loaded.config.items() if key != "feature-flags:replicas"}
        config |= {f"feature-flags:{key}": value for key, value in settings.items()}
        render(ROOT, replace(loaded, config=config), directory / folder)
    kubectl = Path(program("kubectl", "kubernetes-client"))
    found = {"KUBECONFIG": str(platform.cluster.kubeconfig), "NO_PROXY": "*"}
    environment = {**os.environ, **found, "PATH": f"{kubectl.parent}:{os.environ['PATH']}"}

    def run(lines: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", lines],
            cwd=directory,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{lines}: {done.stderr}"
        return done.stdout

    yield run
    run(f"kubectl delete namespace {NAMESPACE} --ignore-not-found --timeout=2m")


@pytest.fixture
def shell(place: Shell) -> Iterator[Shell]:
    """The same; what a test applies is gone after it, but for the namespace."""
    yield place
    place("kubectl delete --ignore-not-found --timeout=2m -f out/autoscaler.yaml -f out/flagsmith.yaml")


@pytest.mark.parametrize("way", WAYS)
def test_the_number_of_pods_never_falls_below_the_minimum(way: str, shell: Shell, platform: Platform) -> None:
    shell(f"kubectl {WAYS[way]} -f before/00-namespace.yaml && kubectl {WAYS[way]} -f before/flagsmith.yaml")
    since = platform.revision()
    shell(commands(way))
    assert platform.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/flagsmith")["spec"]["replicas"] == PODS
    # A later apply leaves the field to the autoscaler, whatever it says by then.
    shell(f"kubectl {WAYS[way]} -f out/flagsmith.yaml")
    wanted = [replicas for replicas, _ in platform.scales(since)]
    assert min(wanted, default=PODS) >= FEWEST
    assert platform.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/flagsmith")["spec"]["replicas"] >= FEWEST


@pytest.mark.parametrize("way", WAYS)
def test_without_the_pages_order_all_but_one_pod_would_go(way: str, shell: Shell, platform: Platform) -> None:
    shell(f"kubectl {WAYS[way]} -f before/00-namespace.yaml && kubectl {WAYS[way]} -f before/flagsmith.yaml")
    since = platform.revision()
    shell(f"kubectl {WAYS[way]} -f out/flagsmith.yaml")
    assert 1 in [replicas for replicas, _ in platform.scales(since)]
