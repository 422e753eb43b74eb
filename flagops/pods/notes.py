"""What `ff` notes in the stack's namespace beside what the program deploys: ConfigMaps of its own."""

from components.kit import names
from flagops.kubernetes.objects import Ref
from flagops.stacks.deployed import Site


def read(site: Site, name: str, key: str, *, default: str) -> str:
    """What is noted under `key` of the ConfigMap `name`, or the default."""
    found = site.get("v1", "ConfigMap", name)
    return str((found or {}).get("data", {}).get(key, default))


def write(site: Site, name: str, key: str, text: str) -> None:
    """Note `text` under `key` of the ConfigMap `name`, which is made when it is not there."""
    ref = Ref("v1", "ConfigMap", site.namespace, name)
    if site.client.get(ref) is not None:
        site.client.merge(ref, {"data": {key: text}})
        return
    metadata = {"name": name, "namespace": site.namespace, "labels": {names.PART_OF: names.PLATFORM}}
    site.client.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {key: text}})
