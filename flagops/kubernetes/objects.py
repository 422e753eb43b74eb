"""Kubernetes objects as the cluster gives them, and references to them."""

from typing import Any, NamedTuple

Manifest = dict[str, Any]


class Ref(NamedTuple):
    """Which object: sortable, hashable, the same however the object is reached."""

    api_version: str
    kind: str
    namespace: str  # empty for objects of the whole cluster
    name: str

    @classmethod
    def of(cls, manifest: Manifest) -> "Ref":
        """The reference of a manifest or of a live object."""
        metadata = manifest["metadata"]
        return cls(manifest["apiVersion"], manifest["kind"], metadata.get("namespace", ""), metadata["name"])

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes it the same object whatever version of its API is spoken: group, kind, namespace, name."""
        group = self.api_version.rpartition("/")[0]
        return group, self.kind, self.namespace, self.name

    def __str__(self) -> str:
        """How people name it: `Deployment feature-flags/flagsmith`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"
