"""The objects of a collection as they are now, kept up by a watch in a thread."""

import json
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import httpx

from flagops.local_cluster import rest

ROUND_SECONDS: Final = 2
"""How long one watch lasts, and with it the longest that the end takes."""

PAUSE_SECONDS: Final = 0.2
SOON: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS)
"""What the API server answers for a moment, while it begins to serve a kind that was defined just now."""

Key = tuple[str, str]


def key(item: Mapping[str, Any]) -> Key:
    """Namespace and name."""
    return item["metadata"]["namespace"], item["metadata"]["name"]


class Watched:
    """What a path of the API lists.

    Args:
        http: The cluster.
        path: The collection, of all namespaces.
        selector: Which labels the objects have.
        changed: Called in the thread, after each change.

    Attributes:
        items: The objects as they are now, by namespace and name.
        events: What has happened so far: the kind of event, and the object then.
        failure: What ended the watch before its time.
    """

    def __init__(self, http: httpx.Client, path: str, selector: str, changed: Callable[[], None]) -> None:
        self._http, self._path, self._changed = http, path, changed
        self._selector = {"labelSelector": selector} if selector else {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.items: dict[Key, dict[str, Any]] = {}
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.failure: Exception | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._watch()
        except Exception as error:
            self.failure = error
            raise

    def _watch(self) -> None:
        version = ""
        while not self._stop.is_set():
            try:
                version = self._follow(version or self._list())
            except httpx.HTTPStatusError as error:
                if error.response.status_code not in SOON:
                    raise
                version = ""
                self._stop.wait(PAUSE_SECONDS)

    def _list(self) -> str:
        answer = self._http.get(self._path, params=self._selector)
        answer.raise_for_status()
        listed = answer.json()
        self.items = {key(item): item for item in listed["items"]}
        self._changed()
        return str(listed["metadata"]["resourceVersion"])

    def _follow(self, version: str) -> str:
        """Take in what happens for a while; the version to go on from, none if that is too long ago."""
        query = {"watch": "1", "resourceVersion": version, "timeoutSeconds": str(ROUND_SECONDS), **self._selector}
        with self._http.stream("GET", self._path, params=query, timeout=rest.TIMEOUT_SECONDS) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                event = json.loads(line)
                kind, item = event["type"], event["object"]
                if self._stop.is_set() or kind == "ERROR":
                    return ""
                items = dict(self.items)
                if kind == "DELETED":
                    items.pop(key(item), None)
                else:
                    items[key(item)] = item
                self.items = items
                self.events.append((kind, item))
                self._changed()
                version = item["metadata"]["resourceVersion"]
        return version
