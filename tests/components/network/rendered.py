"""Stacks whose policies are tried, as `ff render` makes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from components.settings import PROJECT, Settings, parse
from flagops.commands.render.gitops import KUSTOMIZATION
from flagops.commands.render.render import render
from flagops.stacks.files import Stack, load_stack
from tests import kept
from tests.components.network.actors import OUTSIDE, pods
from tests.components.network.evaluator import Actor
from tests.components.network.table import rows
from tests.components.network.variants import ALL
from tests.recording import ROOT

# Beside those of the table and of the containers: what somebody would try.
TRIED = (22, 80, 443, 988, 2049, 6443, 8080, 10250)


@dataclass(frozen=True)
class Rendered:
    """A stack, its settings and what `ff render` made of it."""

    variant: str
    settings: Settings
    manifests: tuple[dict[str, Any], ...]

    @cached_property
    def policies(self) -> tuple[dict[str, Any], ...]:
        return tuple(item for item in self.manifests if item["kind"] == "NetworkPolicy")

    @cached_property
    def actors(self) -> tuple[Actor, ...]:
        return (*pods(self.manifests), *OUTSIDE)

    @cached_property
    def ports(self) -> frozenset[int]:
        """Every number that is tried."""
        own = {number for actor in self.actors for number in actor.ports.values()}
        stated = {port["port"] for policy in self.policies for port in _ports(policy)}
        return frozenset({number for row in rows() for number, _ in row.ports} | own | stated | set(TRIED))


def stack_of(overrides: Mapping[str, object]) -> Stack:
    """Production with some settings in the place of its own; None takes one away."""
    loaded = load_stack("production", ROOT)
    changed = dict(loaded.config) | {f"{PROJECT}:{key}": value for key, value in overrides.items()}
    return replace(loaded, config={key: value for key, value in changed.items() if value is not None})


def settings_of(stack: Stack) -> Settings:
    """The settings of a stack."""
    return parse({key.partition(":")[2]: v for key, v in stack.config.items() if key.startswith(f"{PROJECT}:")})


@cache
def rendered(variant: str, directory: Path) -> Rendered:
    """The stack of a variant, rendered into the directory; once in a session, whoever asks."""
    stack = stack_of(ALL[variant])

    def make() -> bytes:
        files = [path for path in render(ROOT, stack, directory) if path.name != KUSTOMIZATION]
        texts = [path.read_text(encoding="utf-8") for path in files]
        manifests = [item for text in texts for item in yaml.load_all(text, Loader=yaml.CSafeLoader) if item]
        return json.dumps(manifests).encode()

    return Rendered(variant, settings_of(stack), tuple(json.loads(kept.kept(f"rendered: {variant}", make))))


def _ports(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    rules = (*policy["spec"].get("ingress", ()), *policy["spec"].get("egress", ()))
    return [port for rule in rules for port in rule["ports"]]
