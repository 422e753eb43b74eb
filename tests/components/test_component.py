"""Components in components: who waits for whom."""

from pathlib import Path

import pytest

from flagops.evaluation.evaluate import evaluate
from flagops.evaluation.generated import Placeholders
from flagops.stacks.files import load_stack
from tests.recording import ROOT

PROGRAM = """
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import ConfigMap
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

import pulumi
from components.kit.component import Component, after, name_of


def config_map(name, opts):
    return ConfigMap(name, metadata=ObjectMetaArgs(name=name, namespace="n"), opts=opts)


class Inner(Component):
    def __init__(self, name, opts):
        super().__init__("test:components:Inner", name, opts)
        first = config_map(f"{name}-first", self.child())
        config_map(f"{name}-second", self.child(first))


class Outer(Component):
    def __init__(self, name, opts):
        super().__init__("test:components:Outer", name, opts)
        inner = Inner(f"{name}-inner", self.child())
        config_map(f"{name}-beside", self.child())
        last = Inner(f"{name}-last", self.child(inner))
        self.register_outputs({})


provider = Provider("cluster")
before = config_map("before", pulumi.ResourceOptions(provider=provider))
outer = Outer("outer", pulumi.ResourceOptions(provider=provider, depends_on=[before]))
config_map("behind", pulumi.ResourceOptions(provider=provider, depends_on=after(outer)))
pulumi.export("name", name_of(before))
"""


@pytest.fixture(scope="module")
def needs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What each ConfigMap of the program states to need, by name."""
    root: Path = tmp_path_factory.mktemp("program")
    (root / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    (root / "components").symlink_to(ROOT / "components")
    program = evaluate(root, load_stack("local", ROOT), Placeholders())
    assert program.outputs == {"name": "before"}
    return {item.ref.name: {need.name for need in item.needs} for item in program.objects}


def test_what_follows_a_component_waits_for_the_ends_of_those_inside_it(needs: dict[str, set[str]]) -> None:
    assert needs["behind"] == {"outer-beside", "outer-last-second"}


def test_a_component_that_follows_another_inside_a_third_waits_for_its_end_alone(needs: dict[str, set[str]]) -> None:
    assert needs["outer-last-first"] == {"outer-inner-second"}
    assert needs["outer-last-second"] == {"outer-last-first"}


def test_all_of_a_component_waits_for_what_the_component_needs(needs: dict[str, set[str]]) -> None:
    assert needs["outer-inner-first"] == {"before"}
    assert needs["outer-beside"] == {"before"}
