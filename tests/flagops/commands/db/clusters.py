"""A stack on an archived Cluster, of which objects are asked, made and deleted; its operator does what a test says."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from components.settings import Settings
from flagops.errors import NotFoundError
from flagops.kubernetes.objects import Manifest, Ref
from tests.components.settings.support import settings

NAMESPACE = "feature-flags"
IMAGE = "ghcr.io/cloudnative-pg/postgresql:17.10-system-trixie"
PARAMETERS = {"barmanObjectName": "flagsmith-pg", "serverName": "flagsmith-pg-17"}
ARCHIVER = {"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": True, "parameters": PARAMETERS}
OWNER = {"database": "flagsmith", "owner": "flagsmith_administrator", "secret": {"name": "flagsmith-pg-owner"}}


def archived(**section: Any) -> Settings:
    """Settings of a stack whose Cluster is archived."""
    cluster = {"instances": 2, "backup": {"enabled": True}, **section}
    s3 = {"s3": {"bucket": "backups", "existingSecret": "s3"}}
    return settings(postgres={"mode": "cloudnativepg", "cluster": cluster}, backup=s3)


def live(**spec: Any) -> Manifest:
    """The stack's Cluster."""
    common = {
        "instances": 2,
        "imageName": IMAGE,
        "storage": {"size": "10Gi"},
        "postgresql": {"parameters": {"max_connections": "200"}, "synchronous": {"method": "any", "number": 1}},
        "bootstrap": {"initdb": {**OWNER, "dataChecksums": True}},
        "plugins": [ARCHIVER],
        "inheritedMetadata": {"annotations": {"prometheus.io/scrape": "true"}},
    }
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": "flagsmith-pg", "namespace": NAMESPACE, "uid": "1"},
        "spec": {**common, **spec},
        "status": {"currentPrimary": "flagsmith-pg-1", "phase": "Cluster in healthy state"},
    }


def base_backup(name: str, *, phase: str = "completed", started: str | None = None, **status: Any) -> Manifest:
    """A base backup, as the operator has it on record."""
    said = {"phase": phase, "backupId": f"id-of-{name}", "majorVersion": 17, **status}
    if started is not None:
        said |= {"startedAt": started, "stoppedAt": started}
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Backup",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"cluster": {"name": "flagsmith-pg"}},
        "status": said,
    }


def nothing(*_: object) -> None:
    """What an operator does that is away."""


@dataclass
class Operated:
    """The instance and its client. `acts` is called with the double and each object that is made."""

    settings: Settings = field(default_factory=archived)
    objects: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    acts: Callable[["Operated", Manifest], None] = nothing
    made: list[Manifest] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    is_simulated: bool = False
    namespace: str = NAMESPACE
    context: str = "here"
    kubectl: str = "kubectl --context here -n feature-flags"

    @classmethod
    def of(cls, *objects: Manifest, **rest: Any) -> Any:
        """One with these objects."""
        return cls(objects={(item["kind"], item["metadata"]["name"]): item for item in objects}, **rest)

    @property
    def client(self) -> "Operated":
        return self

    @property
    def stack(self) -> Any:
        return SimpleNamespace(name="staging")

    def get(self, *which: Any) -> Manifest | None:
        kind, name = (which[0].kind, which[0].name) if isinstance(which[0], Ref) else which[1:]
        return deepcopy(self.objects.get((kind, name)))

    def items(self, _: str, kind: str, **selectors: str) -> list[Manifest]:
        wanted = dict(part.split("=") for part in selectors.get("labelSelector", "").split(",") if part)
        return [
            deepcopy(item)
            for (found, _), item in sorted(self.objects.items())
            if found == kind and wanted.items() <= (item["metadata"].get("labels") or {}).items()
        ]

    def list(self, api_version: str, kind: str, _: str, **selectors: str) -> list[Manifest]:
        return self.items(api_version, kind, **selectors)

    def create(self, manifest: Manifest) -> Manifest:
        made = deepcopy(manifest)
        made["metadata"]["uid"] = f"uid-{len(self.made)}"
        self.objects[made["kind"], made["metadata"]["name"]] = made
        self.made.append(made)
        self.acts(self, made)
        return made

    def replace(self, manifest: Manifest) -> Manifest:
        return manifest

    def delete(self, ref: Ref, *, uid: str | None = None) -> None:
        assert uid is not None, "another object of the name could be deleted"
        live = self.objects.pop((ref.kind, ref.name))
        assert live["metadata"]["uid"] == uid
        if ref.kind == "Cluster":
            self.deleted.append(ref.name)
            owned = {
                key
                for key, item in self.objects.items()
                if (item["metadata"].get("labels") or {}).get("cnpg.io/cluster") == ref.name
            }
            for key in owned:
                del self.objects[key]

    def secret(self, name: str) -> dict[str, str]:
        if ("Secret", name) not in self.objects:
            raise NotFoundError(f"There is no Secret {name}.")
        return {"ca.crt": f"certificate of {name}"}

    def masker(self) -> Any:
        return lambda text: text.replace("hunter2", "***")
