"""Runs the real program for a stack on Pulumi's mock monitor, and keeps what it registered."""

import json
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from flagops.evaluation import graph, monitor
from flagops.evaluation.evaluate import evaluate
from flagops.evaluation.program import KubeObject, Program
from flagops.stacks.files import load_stack
from tests import kept

ROOT = Path(__file__).resolve().parent.parent
STACKS = ("local", "staging", "production")


@dataclass(frozen=True)
class Recording:
    """An evaluated program and the registrations it came from, with selectors that fail when they find nothing."""

    program: Program
    registrations: Mapping[str, monitor.Registration]

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [item.manifest for item in self.program.objects if item.ref.kind == kind]

    def one(self, kind: str, name: str) -> dict[str, Any]:
        found = [item for item in self.all(kind) if item["metadata"]["name"] == name]
        assert len(found) == 1, f"{len(found)} objects {kind}/{name} in {[str(o.ref) for o in self.program.objects]}"
        return found[0]

    def starting(self, kind: str, prefix: str) -> dict[str, Any]:
        found = [item for item in self.all(kind) if item["metadata"]["name"].startswith(prefix)]
        assert len(found) == 1, f"{len(found)} objects {kind}/{prefix}*"
        return found[0]

    def object(self, kind: str, prefix: str) -> KubeObject:
        """The one of that name; else the one whose name begins so."""
        found = [o for o in self.program.objects if o.ref.kind == kind and o.ref.name.startswith(prefix)]
        (one,) = [o for o in found if o.ref.name == prefix] or found
        return one

    def needed_by(self, item: KubeObject) -> set[str]:
        """The names of all objects that must be ready before `item`, directly or not."""
        by_ref, found, todo = self.program.by_ref, set(), [item]
        while todo:
            for need in todo.pop().needs:
                if need not in found:
                    found.add(need)
                    todo.append(by_ref[need])
        return {f"{ref.kind}/{ref.name}" for ref in found}


def rotated(
    stack: str,
    rotations: Mapping[str, int],
    generated: Mapping[str, str],
    overrides: Mapping[str, object] | None = None,
) -> Recording:
    """The recording of a stack whose generated values are on record, with these rotations and other settings."""
    return record(stack, {**(overrides or {}), "rotations": dict(rotations)}, generated=generated)


def record(
    stack: str,
    overrides: Mapping[str, object] | None = None,
    without: tuple[str, ...] = (),
    generated: Mapping[str, str] | None = None,
) -> Recording:
    """What the program makes of `stack` with some settings replaced; keys without the project's name, None for none.

    To run it takes a third of a second, so that the same is run once in a session: each caller has a copy of its own.
    """
    asked = json.dumps([stack, overrides or {}, without, type(generated).__name__, generated or {}], sort_keys=True)
    made = kept.kept(asked, lambda: pickle.dumps(run(stack, overrides, without, generated)))
    found = pickle.loads(made)  # noqa: S301 - the session's own
    assert isinstance(found, Recording)
    return found


def run(
    stack: str,
    overrides: Mapping[str, object] | None = None,
    without: tuple[str, ...] = (),
    generated: Mapping[str, str] | None = None,
) -> Recording:
    """Run the program in any case, as for a test that has replaced something of it."""
    captured: list[monitor.RecordingMonitor] = []
    build = graph.build

    def keep(recorder: monitor.RecordingMonitor, *rest: Any) -> Program:
        captured.append(recorder)
        return build(recorder, *rest)

    loaded = load_stack(stack, ROOT)
    config = {k: v for k, v in loaded.config.items() if k.partition(":")[2] not in without}
    config |= {f"feature-flags:{key}": value for key, value in (overrides or {}).items()}
    config = {key: value for key, value in config.items() if value is not None}
    with mock.patch.object(graph, "build", keep):
        program = evaluate(ROOT, replace(loaded, config=config), {} if generated is None else generated)
    return Recording(program, captured[0].registrations)


@cache
def recorded(stack: str) -> Recording:
    """The recording of `stack` as its file says; made once."""
    return record(stack)


def pod_templates(recording: Recording) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every pod template, with the name of what it belongs to."""
    for kind in ("Deployment", "StatefulSet", "Job"):
        for manifest in recording.all(kind):
            yield f"{kind}/{manifest['metadata']['name']}", manifest["spec"]["template"]
    for manifest in recording.all("CronJob"):
        yield f"CronJob/{manifest['metadata']['name']}", manifest["spec"]["jobTemplate"]["spec"]["template"]


def container(template: Mapping[str, Any]) -> dict[str, Any]:
    """The main container of a pod template, which kubectl uses by default."""
    name = template["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"]
    (main,) = (item for item in template["spec"]["containers"] if item["name"] == name)
    return dict(main)


def all_containers(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All containers of a pod template: those before the main one, it, and those beside it."""
    return [*template["spec"].get("initContainers", []), *template["spec"]["containers"]]


def environment(template: Mapping[str, Any]) -> dict[str, Any]:
    """The environment of a pod template's container: a value, or where it comes from."""
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in container(template)["env"]}
