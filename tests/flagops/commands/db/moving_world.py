"""A stack that moves its database: its file is real, its cluster notes what is done in it, and can fail."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from components.kit import names
from flagops.commands.db.move.run import MoveRun
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.refusals import UnknownKindError
from flagops.stacks.files import Stack, load_stack
from tests.recording import ROOT

LOOKED: Mapping[str, Any] = {
    "bytes": 50_000_000,
    "marked": 0,
    "code": [],
    "unreadable": [],
    "databases": [],
    "roles": [],
    "settings": [],
}


class Killed(BaseException):
    """What ends `ff` without a chance to clean up."""


def project(home: Path, postgres: Mapping[str, Any]) -> None:
    home.mkdir(exist_ok=True)
    for name in ("Pulumi.yaml", "__main__.py"):
        (home / name).symlink_to(ROOT / name)
    stated = load_stack("staging", ROOT)
    config = {**stated.values, f"{stated.project}:postgres": dict(postgres)}
    if "backup" in postgres.get("cluster", {}):
        config[f"{stated.project}:backup"] = {"s3": {"bucket": "backups", "existingSecret": "s3"}}
    config[f"{stated.project}:namespace"] = {"name": "feature-flags", "quota": {"persistentVolumeClaims": 40}}
    (home / "Pulumi.staging.yaml").write_text(yaml.safe_dump({"config": config}, sort_keys=False), encoding="utf-8")


def declared(name: str, *, imports: bool, paused: bool = True) -> Manifest:
    """A Cluster of the stack, as the program declares it."""
    annotations = {"cnpg.io/reconciliationLoop": "disabled"} if imports and paused else {}
    metadata = {"name": name, "labels": names.labels("database"), "annotations": annotations}
    return {"metadata": metadata, "spec": {"bootstrap": {"initdb": {"import": {}} if imports else {}}}}


@dataclass
class Instance:
    """A stack's instance, whose objects are those that are named."""

    stack: Stack
    world: "World"
    namespace: str = "feature-flags"
    context: str = "here"
    kubectl: str = "kubectl -n feature-flags"
    kubectl_anywhere: str = "kubectl"

    @property
    def settings(self) -> Any:
        return self.stack.settings

    @property
    def client(self) -> "World":
        return self.world

    def get(self, _: str, kind: str, name: str) -> Manifest | None:
        return self.world.objects.get((kind, name))

    def items(self, version: str, kind: str, **selectors: str) -> list[Manifest]:
        if kind == "Cluster" and not self.world.has_operator:
            raise UnknownKindError(version, kind)
        wanted = dict(part.split("=") for part in selectors.get("labelSelector", "").split(",") if part)
        there = [item for (found, _), item in self.world.objects.items() if found == kind]
        return [item for item in there if wanted.items() <= item["metadata"].get("labels", {}).items()]


@dataclass
class World:
    """The cluster, what is done in it, and at which of these something goes wrong."""

    home: Path
    done: list[str] = field(default_factory=list)
    objects: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    wrong: dict[str, BaseException] = field(default_factory=dict)
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    has_operator: bool = True
    operators: list[Manifest] = field(default_factory=list)
    frozen: bool = False
    left: list[Ref] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    held: dict[str, dict[str, int]] = field(
        default_factory=lambda: {"live": {"environments": 3, "flags": 9}, "kept": {"environments": 3, "flags": 8}}
    )

    def note(self, what: str) -> None:
        self.done.append(what)
        if what in self.wrong:
            raise self.wrong.pop(what)

    @property
    def postgres(self) -> dict[str, Any]:
        found: Any = self.stack.config.get("feature-flags:postgres") or {}
        return dict(found)

    @property
    def stack(self) -> Stack:
        return load_stack("staging", self.home)

    @property
    def place(self) -> str:
        """Where the file says that the data is, and how far the move is."""
        stated = self.postgres
        found = stated.get("move")
        return f"{stated.get('mode', 'embedded')} {found['step']}" if found else str(stated.get("mode", "embedded"))

    @contextmanager
    def opened(self) -> Iterator[Any]:
        yield Instance(self.stack, self)

    def deploy(self) -> None:
        self.note(f"deploy {self.place}")
        postgres = self.stack.settings.postgres
        servers = {"cnpg.io/cluster": postgres.cluster.name, "cnpg.io/podRole": "instance"}
        labels = servers if postgres.clustered else names.selector("database")
        self.objects["Pod", "server"] = {
            "metadata": {"name": "server", "creationTimestamp": "", "labels": labels},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]},
        }
        self.objects.pop(("CronJob", "flagsmith-move"), None)
        if postgres.moves:
            self.objects["CronJob", "flagsmith-move"] = {}
        if "embedded" in (postgres.mode, postgres.move and postgres.move.beside):
            self.objects["StatefulSet", "flagsmith-postgres"] = {}
        if postgres.has_cluster:
            brings = postgres.move is not None and postgres.move.brings and postgres.move.beside == "cloudnativepg"
            self.objects["Cluster", postgres.cluster.name] = declared(postgres.cluster.name, imports=brings)

    def step(self, _: Any, name: str, __: Any = None) -> Mapping[str, Any]:
        self.note(name)
        if name in ("stop", "allow"):
            self.frozen = name == "stop"
        default = {"look": LOOKED, "compare": {"tables": 3, "rows": 9, "differences": []}}.get(name, {})
        return self.results.get(name, default)

    def delete(self, ref: Ref, **_: object) -> None:
        self.note(f"delete {ref.kind}/{ref.name}")
        self.objects.pop((ref.kind, ref.name), None)

    def get(self, ref: Ref) -> Manifest | None:
        return self.objects.get((ref.kind, ref.name))

    def list(self, *_: str, **__: str) -> list[Manifest]:
        return self.operators

    @property
    def run(self) -> MoveRun:
        return MoveRun(self.opened, self.deploy, lambda _: None)
