"""What the README says that a stack needs: worked out from what each stack deploys."""

import re
from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

import pytest

from components.settings import PROJECT, parse
from components.settings.budget import need
from components.settings.quantities import parse_cpu, parse_memory
from flagops.stacks.files import load_stack
from tests.recording import ROOT, STACKS, pod_templates, recorded

README = (ROOT / "README.md").read_text(encoding="utf-8")
GIB = 2**30


def row(stack: str) -> str:
    """The row of the README's table for a stack."""
    pods = [(replicas, requested(template)) for replicas, template in servers(stack)]
    number = sum(replicas for replicas, _ in pods)
    running = [sum(replicas * pod[kind] for replicas, pod in pods) for kind in (0, 1)]
    largest = max((requested(template) for _, template in pod_templates(recorded(stack))), key=lambda pod: pod[1])
    config = load_stack(stack, ROOT).config
    most = need(parse({key.partition(":")[2]: value for key, value in config.items() if key.startswith(PROJECT)}))
    claims = recorded(stack).all("PersistentVolumeClaim")
    volumes = sum(parse_memory(claim["spec"]["resources"]["requests"]["storage"]) for claim in claims)
    return (
        f"| `{stack}` | {number} | {written(*running)} | {written(most['requests.cpu'], most['requests.memory'])} "
        f"| {written(*largest)} | {volumes // GIB} GiB |"
    )


def servers(stack: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """How many pods each workload always has, and their template."""
    for kind in ("Deployment", "StatefulSet"):
        for manifest in recorded(stack).all(kind):
            yield manifest["spec"]["replicas"], manifest["spec"]["template"]


def requested(template: Mapping[str, Any]) -> tuple[int, int]:
    """What one pod requests, its containers together: thousandths of a core, and bytes."""
    amounts = [item["resources"]["requests"] for item in template["spec"]["containers"]]
    return sum(parse_cpu(amount["cpu"]) for amount in amounts), sum(
        parse_memory(amount["memory"]) for amount in amounts
    )


def written(millicores: int, amount: int) -> str:
    """CPU and memory for people, rounded up to tenths."""
    return f"{ceil(millicores / 100) / 10:g} CPU, {ceil(amount / GIB * 10) / 10:g} GiB"


@pytest.mark.parametrize("stack", STACKS)
def test_the_readme_says_what_a_stack_needs(stack: str) -> None:
    assert row(stack) in README


def test_the_figures_of_the_comparison_are_those_that_were_measured() -> None:
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    table = README.partition("## Why not the Helm chart?")[2].partition("\n## ")[0]
    ratios = re.findall(r"(\d+\.\d)x", table)
    assert len(ratios) == 4
    assert [ratio for ratio in ratios if f"**{ratio}x**" not in results] == []
    found = re.search(r"\| (\d+) failed, (\d+) critical \|", table)
    assert found is not None
    assert f"| {found[1]} failed | {found[2]} critical |" in (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
