"""What the last successful deployment declared, against what is there."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from components.deployment.presence import Fate, ObservedObject, observe
from components.kit import names
from components.kit.api_server import DENIED
from flagops.commands.status.model import WHAT, StatusRow
from flagops.kubernetes.objects import Ref
from flagops.kubernetes.refusals import DeniedError
from flagops.pods.writers import REPLICAS
from flagops.stacks.deployed import Instance

if TYPE_CHECKING:
    from components.deployment.recorded import Deployment


def declared_rows(instance: Instance, record: "Deployment | None") -> Iterator[StatusRow]:
    """The namespace; the deployment; and each object of it that is missing, on its way out, or may not be looked at."""
    namespace = instance.client.get(Ref("v1", "Namespace", "", instance.namespace))
    since = leaving(namespace or {})
    yield StatusRow(
        "Namespace",
        instance.namespace,
        since or ("there" if namespace else "missing"),
        is_fine=bool(namespace) and not since,
    )
    if record is None:
        text = "no record: no deployment of this version has ended well here"
        yield StatusRow("Deployed", names.DEPLOYMENT, text, is_fine=False)
        return
    seen = observe(lambda path: _fetched(instance, path), instance.namespace, record.objects)
    there = sum(item.fate is Fate.THERE for item in seen)
    text = f"{there} of {len(seen)} objects, {WHAT[instance.settings.role]} {record.release}"
    yield StatusRow("Deployed", names.DEPLOYMENT, text, is_fine=there == len(seen))
    for item in seen:
        told = _told(item)
        if told:
            yield StatusRow(item.declared.kind, item.declared.name, told, is_fine=False)


def leaving(item: Mapping[str, Any]) -> str:
    """That an object is being deleted, and since when; empty when it is not."""
    since = item.get("metadata", {}).get("deletionTimestamp")
    return f"being deleted since {since}" if since else ""


def stopped(record: "Deployment | None", kind: str, item: Mapping[str, Any]) -> str:
    """That a workload was set to no pods, which it was not deployed with; empty when it was not."""
    if item["spec"].get("replicas", 1):
        return ""
    if REPLICAS in (item["metadata"].get("annotations") or {}):
        return "stopped by a command of ff, which is at work or was killed: ff up starts it then"
    if record is None:
        return ""
    name = item["metadata"]["name"]
    meant = [found for found in record.objects if (found.kind, found.name) == (kind, name) and found.replicas != 0]
    return "set to 0 pods, which the deployment did not" if meant else ""


def _told(item: ObservedObject) -> str:
    match item.fate:
        case Fate.UNSEEN:
            return "not looked at: you may not read it"
        case Fate.MISSING:
            return "missing: the last deployment made it"
        case _:
            return leaving(item.live or {})


def _fetched(instance: Instance, path: str) -> Mapping[str, Any] | None:
    try:
        return instance.client.fetch(path)
    except DeniedError:
        return DENIED
