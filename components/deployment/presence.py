"""Is this the right cluster, and is what was declared in it?

Asked object by object, which needs no more rights than deploying does.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from components.kit.api_server import DENIED, Fetch

ASKED_AT_A_TIME: Final = 8


@dataclass(frozen=True, order=True)
class DeclaredObject:
    """A Kubernetes object that a program declares.

    Attributes:
        api_version: such as `apps/v1`.
        kind: such as `Deployment`.
        name: its name.
        replicas: how many pods it is to have; None where the program leaves that open, and for what has none.
    """

    api_version: str
    kind: str
    name: str
    replicas: int | None = None

    def __str__(self) -> str:
        """How people name it."""
        return f"{self.kind} {self.name}"


class Fate(StrEnum):
    """What may have become of an object."""

    THERE = "there"
    MISSING = "missing"
    LEAVING = "leaving"
    UNSEEN = "unseen"


@dataclass(frozen=True)
class ObservedObject:
    """An object, and what has become of it; `live` is what the cluster says of it, None when it is missing."""

    declared: DeclaredObject
    live: Mapping[str, Any] | None = None

    @property
    def fate(self) -> Fate:
        """Whether it is there; one that is being deleted is not going to stay."""
        if self.live is None:
            return Fate.MISSING
        if self.live is DENIED:
            return Fate.UNSEEN
        return Fate.LEAVING if self.live.get("metadata", {}).get("deletionTimestamp") else Fate.THERE


def observe(fetch: Fetch, namespace: str, objects: Sequence[DeclaredObject]) -> list[ObservedObject]:
    """Look at each of the objects, in their order; those of kinds with namespaces are looked for in `namespace`.

    What `fetch` raises is raised.
    """
    paths = {version: _collections(fetch, version, namespace) for version in {item.api_version for item in objects}}

    def seen(item: DeclaredObject) -> ObservedObject:
        collection = paths[item.api_version].get(item.kind)
        return ObservedObject(item, None if collection is None else fetch(f"{collection}/{item.name}"))

    with ThreadPoolExecutor(ASKED_AT_A_TIME) as pool:
        return list(pool.map(seen, objects))


def absent(seen: Sequence[ObservedObject]) -> str:
    """What of it is missing or on its way out, in words; empty when all is there."""
    words = {Fate.MISSING: "is missing", Fate.LEAVING: "is being deleted"}
    return ", ".join(f"{item.declared} {words[item.fate]}" for item in seen if item.fate in words)


def unseen(seen: Sequence[ObservedObject]) -> str:
    """What may not be looked at, in words; empty when all may."""
    return ", ".join(str(item.declared) for item in seen if item.fate is Fate.UNSEEN)


def other_namespace(live: Mapping[str, Any] | None, uid: str) -> str | None:
    """Why a live namespace, or None where there is none, is not the one with this uid; None when it is."""
    if live is None:
        return "is not there"
    if live is DENIED:
        return None
    found = live["metadata"]
    if found.get("uid") != uid:
        return f"has the uid {found.get('uid')}, not {uid}"
    return "is being deleted" if found.get("deletionTimestamp") else None


def cluster_uid(fetch: Fetch) -> str | None:
    """What tells a cluster from all others: the uid of its namespace kube-system, which lives as long as it does.

    None when it may not be read.
    """
    live = fetch("/api/v1/namespaces/kube-system")
    return str(live["metadata"]["uid"]) if live else None


def another_cluster(context: str, found: str | None, wanted: str) -> str:
    """What is said of a cluster whose uid is not the one that the settings name."""
    if found is None:
        return (
            f"Nobody knows whether the cluster of context {context!r} is the one that feature-flags:clusterUid names: "
            "you may not read its namespace kube-system. Get that permission, or leave the setting out."
        )
    return (
        f"The cluster of context {context!r} is another one: its uid is {found}, and feature-flags:clusterUid says "
        f"{wanted}. Correct the context or the kubeconfig; or clusterUid, if the stack is to be on this cluster."
    )


def _collections(fetch: Fetch, api_version: str, namespace: str) -> dict[str, str]:
    """The paths of the kinds of an API version; none when the cluster does not serve it."""
    base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    found = (fetch(base) or {}).get("resources", ())
    return {
        str(item["kind"]): f"{base}/namespaces/{namespace}/{item['name']}"
        if item.get("namespaced")
        else f"{base}/{item['name']}"
        for item in found
        if "/" not in item["name"]
    }
