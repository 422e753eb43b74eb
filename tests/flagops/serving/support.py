"""A server of a catalogue, or of documents, in a thread of the test."""

import json
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from flagops.commands.flags.serve.setting import override
from flagops.commands.flags.serve.sources import source
from flagops.serving.server.state import Loaded, ServedState
from flagops.serving.web.follow import signature
from flagops.serving.web.run import Server, Source, listen
from tests.recording import ROOT

EXAMPLE = ROOT / "flags" / "catalogue.yaml"
SECONDS = 20


@dataclass
class Served:
    """A server that runs, and what it told."""

    server: Server
    url: str = ""
    told: "queue.Queue[str]" = field(default_factory=queue.Queue)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=SECONDS))

    @property
    def state(self) -> ServedState:
        return self.server.state

    @property
    def api(self) -> str:
        return f"{self.url}api/v1/"

    def key(self, environment: str = "development", *, server_side: bool = False) -> str:
        keys = self.state.keys[environment]
        return keys.server_side if server_side else keys.client_side

    def get(self, path: str, key: str | None = None, **more: Any) -> httpx.Response:
        return self.ask("GET", path, key, **more)

    def ask(self, method: str, path: str, key: str | None = None, **more: Any) -> httpx.Response:
        headers = {**({"X-Environment-Key": key} if key else {}), **more.pop("headers", {})}
        return self.http.request(method, f"{self.url}{path}", headers=headers, **more)

    def flags(self, environment: str = "development", identity: str | None = None, **traits: Any) -> dict[str, Any]:
        """On or off, and value, by the flags' names."""
        key = self.key(environment)
        if identity is None:
            rows = self.get("api/v1/flags/", key).json()
        else:
            given = [{"trait_key": name, "trait_value": value} for name, value in traits.items()]
            body = {"identifier": identity, "traits": given, "transient": True}
            rows = self.ask("POST", "api/v1/identities/", key, json=body).json()["flags"]
        return {row["feature"]["name"]: (row["enabled"], row["feature_state_value"]) for row in rows}

    def wait(self) -> str:
        """The next thing that it tells."""
        return self.told.get(timeout=SECONDS)


@contextmanager
def served(chosen: Source, settings: Sequence[str] = ()) -> Iterator[Served]:
    """Serve a source as the command does."""
    known = None if chosen.path is None else signature(chosen.path)
    state = ServedState(chosen.label, chosen.load(), [override(text) for text in settings])
    is_ready = threading.Event()
    server = Server(state, chosen, known)
    found = Served(server)

    def ready(address: str) -> None:
        found.url = address
        is_ready.set()

    server.ready, server.tell, server.warn = ready, found.told.put, found.told.put
    thread = threading.Thread(target=server.run, args=(listen(0),))
    thread.start()
    try:
        assert is_ready.wait(SECONDS)
        with found.http:
            yield found
    finally:
        server.stop()
        thread.join(SECONDS)
        assert not thread.is_alive()


@contextmanager
def served_file(path: Path, *settings: str) -> Iterator[Served]:
    """Serve a catalogue's file, or a saved document's."""
    is_document = path.suffix == ".json"
    with served(source(EXAMPLE if is_document else path, str(path) if is_document else None), settings) as found:
        yield found


@contextmanager
def served_loaded(loaded: Loaded) -> Iterator[Served]:
    """Serve what is given."""
    with served(Source("what is given", lambda: loaded)) as found:
        yield found


@retry(stop=stop_after_delay(SECONDS), wait=wait_fixed(0.02), retry=retry_if_exception_type(AssertionError))
def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    assert holds()


@contextmanager
def events(url: str) -> Iterator[Iterator[dict[str, Any]]]:
    """The data of a stream's events, as they come."""
    with httpx.stream("GET", url, timeout=SECONDS) as answer:
        assert answer.status_code == 200, answer.read()
        yield (json.loads(line.removeprefix("data: ")) for line in answer.iter_lines() if line.startswith("data: "))
