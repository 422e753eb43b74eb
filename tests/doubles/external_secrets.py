"""What the External Secrets Operator does with the objects of a namespace, without the operator: a thread."""

import base64
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

NAMESPACES = "/apis/external-secrets.io/v1/namespaces"
PAUSE_SECONDS = 0.2
NOT_IN_STORE = "could not get secret data from provider"


@dataclass
class Operator:
    """The operator, with a store.

    Attributes:
        http: The cluster.
        namespace: What it looks after.
        store: Entries with their properties; the property "" is the entry as a whole.
        made: How often it wrote each Secret.
    """

    http: httpx.Client
    namespace: str
    store: dict[str, dict[str, str]]
    made: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def running(self) -> Iterator["Operator"]:
        stop = threading.Event()
        thread = threading.Thread(target=self._run, args=(stop,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            stop.set()
            thread.join()

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(PAUSE_SECONDS):
            answer = self.http.get(f"{NAMESPACES}/{self.namespace}/externalsecrets")
            for item in answer.json()["items"] if answer.is_success else ():
                self._reconcile(item)

    def _reconcile(self, item: Mapping[str, Any]) -> None:
        values = {entry["secretKey"]: self._read(entry["remoteRef"]) for entry in item["spec"]["data"]}
        if None in values.values():
            self._say(item, "False", "SecretSyncedError", NOT_IN_STORE)
            return
        data = {key: base64.b64encode(str(value).encode()).decode() for key, value in values.items()}
        self._write(item, data)
        self._say(item, "True", "SecretSynced", "secret synced")

    def _read(self, remote: Mapping[str, str]) -> str | None:
        return self.store.get(remote["key"], {}).get(remote.get("property", ""))

    def _write(self, item: Mapping[str, Any], data: Mapping[str, str]) -> None:
        name = item["spec"]["target"]["name"]
        path = f"/api/v1/namespaces/{self.namespace}/secrets/{name}"
        found = self.http.get(path)
        if found.is_success and found.json().get("data") == data:
            return
        owner = {key: item["metadata"][key] for key in ("name", "uid")}
        reference = {"apiVersion": item["apiVersion"], "kind": item["kind"], "controller": True, **owner}
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "ownerReferences": [reference]},
            "data": data,
        }
        query = {"fieldManager": "externalsecrets.external-secrets.io/" + name, "force": "true"}
        content = {"Content-Type": "application/apply-patch+yaml"}
        self.http.patch(path, params=query, json=secret, headers=content).raise_for_status()
        self.made[name] = self.made.get(name, 0) + 1

    def _say(self, item: Mapping[str, Any], status: str, reason: str, message: str) -> None:
        condition = {"type": "Ready", "status": status, "reason": reason, "message": message}
        wanted: dict[str, Any] = {"conditions": [condition]}
        if status == "True":
            wanted["syncedResourceVersion"] = f"{item['metadata']['generation']}-{'0' * 56}"
        current = item.get("status", {})
        if all(current.get(key) == value for key, value in wanted.items()):
            return
        path = f"{NAMESPACES}/{self.namespace}/externalsecrets/{item['metadata']['name']}/status"
        answer = self.http.patch(
            path, json={"status": wanted}, headers={"Content-Type": "application/merge-patch+json"}
        )
        # It may have been deleted since it was listed.
        assert answer.is_success or answer.status_code == httpx.codes.NOT_FOUND, answer.text
