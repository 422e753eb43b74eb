"""Runs the rollouts of a Flagsmith: looks at all of them every INTERVAL_SECONDS. Runs in the Flagsmith image.

FLAGSMITH_URL and TOKEN_FILE say where Flagsmith is; PROMETHEUS_URL, PROMETHEUS_TOKEN_FILE and PROMETHEUS_CA_FILE whom
the guards ask. PORT serves `/metrics`, and `/livez` for the probes. It keeps nothing: all is in Flagsmith.
"""

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .plain_api import PlainApi, UnansweredError
from .project import Rollouts
from .prometheus import Prometheus
from .states import Action
from .turn import Turned, turn
from .watched import RolloutCollector, Seen, mute_since

HUNG_SECONDS = 300
"""Without a request, a rollout that was decided, or a wait: longer than the guards of one rollout take, ten seconds a
question."""
TICK = 5.0
WRONG = (UnansweredError, AttributeError, KeyError, TypeError, ValueError)
"""No answer, and one that is none of Flagsmith's: the next look asks again."""


def say(level: str, message: str, **facts: object) -> None:
    """One line of JSON, as Flagsmith's own."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    print(json.dumps({"time": moment, "levelname": level, "message": message, **facts}), file=sys.stderr, flush=True)


def read_secret(path: str) -> str:
    """What a file of a Secret holds, without the end of its line. Bytes that are no text are replaced, so that whoever
    sends it refuses it, and not the whole look."""
    return Path(path).read_text(encoding="utf-8", errors="replace").strip()


class RolloutRunner:
    """The runner, from its start to SIGTERM."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.stop = threading.Event()
        self.seen = Seen()
        self._environment = environment
        self._interval = float(environment["INTERVAL_SECONDS"])
        self._alive = time.monotonic()
        self._said: dict[str, str] = {}
        token = environment["TOKEN_FILE"]
        self._api = PlainApi(environment["FLAGSMITH_URL"], lambda: read_secret(token), self._beat)

    def is_alive(self) -> bool:
        """Whether it did something within HUNG_SECONDS, be it to wait."""
        return time.monotonic() - self._alive < HUNG_SECONDS

    def run(self) -> None:
        """Look, wait, look again, until stopped. A step that is under way is ended."""
        while not self.stop.is_set():
            self.look()
            self._wait(self._interval)

    def look(self) -> None:
        """Look at every rollout once, and do what is to be done."""
        found: dict[str, Turned] = {}
        try:
            projects = self._projects()
            for number in projects:
                for turned in turn(Rollouts(self._api, number), self._prometheus(), _now, WRONG):
                    self._beat()
                    key = f"{number} {turned.found.segment['id']}"
                    found[key] = turned
                    self._tell(key, turned)
        except (*WRONG, OSError) as error:
            self.seen = Seen(self.seen.rollouts, self.seen.looked, went_well=False, mute_since=self.seen.mute_since)
            self._tell_once("", "ERROR", "Flagsmith cannot be asked", why=str(error) or type(error).__name__)
            return
        self._said.pop("", None)
        now = time.time()
        is_well = not any(turned.problem for turned in found.values())
        self.seen = Seen(found, now, went_well=is_well, mute_since=mute_since(self.seen, found, now))

    def _projects(self) -> list[int]:
        """Those that it may see. Raises UnansweredError without any: nobody would notice that none is looked at."""
        numbers = [int(row["id"]) for row in self._api.pages("/api/v1/projects/")]
        if not numbers:
            raise UnansweredError("its account may see no project: `ff secrets rotate rollouts` gives its rights again")
        return numbers

    def _prometheus(self) -> Prometheus | None:
        url, token = self._environment.get("PROMETHEUS_URL"), self._environment.get("PROMETHEUS_TOKEN_FILE")
        if url is None:
            return None
        authority = self._environment.get("PROMETHEUS_CA_FILE")
        return Prometheus(url, token="" if token is None else read_secret(token), authority=authority)

    def _tell(self, key: str, turned: Turned) -> None:
        """A line for each step and decision, and for another reason to wait; not for each look."""
        decision = turned.decision
        if turned.problem:
            self._tell_once(key, "WARNING", turned.problem, rollout=turned.found.name)
        elif decision is not None and decision.action is Action.WAIT:
            level = "WARNING" if decision.warns else "INFO"
            self._tell_once(key, level, decision.why, rollout=turned.found.name, action=decision.action)
        elif decision is not None:
            self._said.pop(key, None)
            level = "WARNING" if decision.warns else "INFO"
            say(level, decision.why, rollout=turned.found.name, action=decision.action, share=decision.share)

    def _tell_once(self, about: str, level: str, message: str, **facts: object) -> None:
        line = f"{level} {message} {facts}"
        if self._said.get(about) != line:
            self._said[about] = line
            say(level, message, **facts)

    def _beat(self) -> None:
        self._alive = time.monotonic()

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.stop.is_set():
            self._beat()
            if self._alive >= until or self.stop.wait(min(TICK, until - self._alive)):
                return


def _now() -> datetime:
    return datetime.now(UTC)


class RolloutServer(ThreadingHTTPServer):
    """Serves the metrics and the health of a runner."""

    daemon_threads = True
    address_family = socket.AF_INET6 if os.environ.get("LISTEN_FAMILY") == "IPv6" else socket.AF_INET

    def __init__(self, port: int, runner: RolloutRunner) -> None:
        super().__init__(("", port), RolloutAnswers)
        self.runner, self.metrics = runner, RolloutCollector(lambda: runner.seen, runner.is_alive)


class RolloutAnswers(BaseHTTPRequestHandler):
    """Answers one request."""

    server: RolloutServer
    timeout = 10

    def do_GET(self) -> None:
        """`/metrics`; `/readyz`, and `/livez`, which is for a look that hangs."""
        status, body = 404, b"There are /metrics, /readyz and /livez.\n"
        if self.path == "/metrics":
            status, body = 200, self.server.metrics.scrape()
        elif self.path == "/readyz":
            status, body = 200, b"ok\n"
        elif self.path == "/livez":
            is_alive = self.server.runner.is_alive()
            status, body = (200, b"ok\n") if is_alive else (503, b"A look hangs.\n")
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: probes and scrapes come several times a minute."""


def main() -> None:
    """Run until SIGTERM."""
    runner = RolloutRunner(os.environ)
    server = RolloutServer(int(os.environ["PORT"]), runner)
    signal.signal(signal.SIGTERM, lambda *_: runner.stop.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # In a thread: a look that hangs keeps nobody from ending, and whatever ends it ends the process too.
    worker = threading.Thread(target=runner.run, daemon=True)
    worker.start()
    while worker.is_alive() and not runner.stop.wait(TICK):
        pass
    worker.join(HUNG_SECONDS if runner.stop.is_set() else 0)
    os._exit(0 if runner.stop.is_set() else 1)


if __name__ == "__main__":
    main()
