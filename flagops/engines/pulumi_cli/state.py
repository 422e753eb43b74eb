"""What Pulumi's state says: pure functions over an exported deployment."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Deployment = Mapping[str, Any]

# Pulumi's mark of a secret value, the same in all its formats.
SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
PROVIDER = "pulumi:providers:kubernetes"
NAMESPACE = "kubernetes:core/v1:Namespace"


@dataclass(frozen=True)
class Interrupted:
    """A Kubernetes object that a run was making when it was killed: made or not, nobody recorded.

    Attributes:
        urn: the resource.
        manifest: what was to be made.
    """

    urn: str
    manifest: dict[str, Any]

    @property
    def identifier(self) -> str:
        """What the provider calls the object: `namespace/name`, or `name` where kinds have no namespace."""
        metadata = self.manifest["metadata"]
        return "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))


def namespace_uids(deployment: Deployment, cluster_identifier: str) -> dict[str, str]:
    """The uids of the stack's namespaces as they are on record, by name.

    None for a stack that is to move to another cluster by another `cluster_identifier`: Pulumi replaces all then.
    """
    identifiers = {
        item.get("inputs", {}).get("clusterIdentifier") for item in _resources(deployment) if item["type"] == PROVIDER
    }
    if identifiers - {cluster_identifier, None}:
        return {}
    found = [
        item.get("outputs", {}).get("metadata", {}) for item in _resources(deployment) if item["type"] == NAMESPACE
    ]
    return {str(item["name"]): str(item["uid"]) for item in found if item.get("uid")}


def recorded(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any]]]:
    """The type of each resource that Pulumi made, and what was declared of it.

    Of what it only reads, such as a namespace of somebody else's, nothing was declared.
    """
    return (
        (item["type"], _plain(item.get("inputs") or {})) for item in _resources(deployment) if not item.get("external")
    )


def read_namespaces(deployment: Deployment) -> list[str]:
    """The names of the namespaces that Pulumi only reads, since somebody else made them."""
    return [str(item["id"]) for item in _resources(deployment) if item["type"] == NAMESPACE and item.get("external")]


def protected(deployment: Deployment) -> list[str]:
    """The protected resources, as people know them."""
    return [_described(item) for item in _resources(deployment) if item.get("protect") and item.get("custom")]


def interrupted(deployment: Deployment) -> list[Interrupted]:
    """The Kubernetes objects whose creation was begun and not recorded as ended."""
    recorded = {item["urn"] for item in _resources(deployment)}
    found = []
    for operation in deployment.get("pending_operations") or []:
        resource = operation["resource"]
        manifest = _plain(resource.get("inputs") or {})
        is_object = resource["type"].startswith("kubernetes:") and "name" in manifest.get("metadata", {})
        if operation["type"] == "creating" and is_object and resource["urn"] not in recorded:
            found.append(Interrupted(resource["urn"], manifest))
    return found


def completed(deployment: Deployment, made: Mapping[str, str]) -> dict[str, Any]:
    """The deployment with the pending creations in `made`, by URN, recorded as ended with the identifier given there.

    Pulumi's own importing of pending creations drops them from the state, and leaves their objects to nobody.
    """
    operations = deployment.get("pending_operations") or []
    ended = {operation["resource"]["urn"]: operation["resource"] for operation in operations}
    return {
        **deployment,
        "resources": [
            *deployment["resources"],
            *({**ended[urn], "id": identifier, "outputs": ended[urn]["inputs"]} for urn, identifier in made.items()),
        ],
        "pending_operations": [item for item in operations if item["resource"]["urn"] not in made],
    }


def _resources(deployment: Deployment) -> Iterator[Mapping[str, Any]]:
    """All but those that are only still there to be deleted."""
    return (item for item in deployment.get("resources") or [] if not item.get("delete"))


def _described(resource: Mapping[str, Any]) -> str:
    """A recorded resource as people know it: its kind, and its name in the cluster where it has one."""
    kinds, _, name = str(resource["urn"]).rpartition("::")
    metadata = (resource.get("inputs") or {}).get("metadata")
    known = metadata.get("name") if isinstance(metadata, dict) else None
    return f"{kinds.rpartition(':')[2]} {known or name}"


def _plain(value: Any) -> Any:
    """The value with secrets, which were exported in plain text, in place of their envelopes."""
    if isinstance(value, dict):
        if SIGNATURE_KEY in value:
            return _plain(json.loads(value["plaintext"])) if "plaintext" in value else None
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
