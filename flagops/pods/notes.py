"""What `ff` notes in the stack's namespace beside what the program deploys: ConfigMaps of its own."""

from components.kit import names
from flagops.kubernetes.objects import Ref
from flagops.stacks.deployed import Instance


def read(instance: Instance, name: str, key: str, *, default: str) -> str:
    """What is noted under `key` of the ConfigMap `name`, or the default."""
    found = instance.get("v1", "ConfigMap", name)
    return str((found or {}).get("data", {}).get(key, default))


def write(instance: Instance, name: str, key: str, text: str) -> None:
    """Note `text` under `key` of the ConfigMap `name`, which is made when it is not there."""
    ref = Ref("v1", "ConfigMap", instance.namespace, name)
    if instance.client.get(ref) is not None:
        instance.client.merge(ref, {"data": {key: text}})
        return
    metadata = {"name": name, "namespace": instance.namespace, "labels": {names.PART_OF: names.PLATFORM}}
    instance.client.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {key: text}})
