"""Serves as Prometheus metrics when each proxy of the edge last had its documents. Runs in the Flagsmith image.

A scrape asks every proxy that is ready: HOST is the name of a Service whose addresses are the pods', and TARGET_PORT
their port. PORT serves `/metrics`, and `/healthz` for the probes, which asks nobody.
"""

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

# Prometheus gives a scrape 10 s. A proxy answers in milliseconds.
REQUEST_SECONDS = 3
ALL_SECONDS = 6
AT_ONCE = 32
PATH = "/proxy/health/readiness"
# An answer has 100 bytes.
MOST_BYTES = 65_536


class AnswerError(Exception):
    """What answered is no proxy."""


def log(level: str, message: str, **fields: object) -> None:
    """One line of JSON, as Flagsmith's own."""
    print(json.dumps({"levelname": level, "message": message, **fields}), flush=True)


def moment(body: bytes) -> float | None:
    """When the documents of all environments were last there, in seconds since 1970; None if never.

    The Python proxy says it without a zone, by the clock of its container, which is UTC. AnswerError for anything else.
    """
    try:
        found = json.loads(body)["last_successful_update"]
        if found is None:
            return None
        read = datetime.fromisoformat(found)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
        raise AnswerError("it says no last_successful_update") from None


def ask(address: str, port: int) -> float | None:
    """Ask one proxy. Its status is no matter: one without documents answers 503, and says so. No redirect is followed.

    OSError or HTTPException where nobody answers.
    """
    connection = HTTPConnection(address, port, timeout=REQUEST_SECONDS)
    try:
        connection.request("GET", PATH, headers={"Connection": "close"})
        return moment(connection.getresponse().read(MOST_BYTES))
    finally:
        connection.close()


class Proxies:
    """Asks all of them for each scrape, and says in the log what changed."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        # One that sends its answer byte by byte keeps a thread for itself, and no more than a thread.
        self.pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="proxy")
        self.troubles: Mapping[str, str] = {}

    def addresses(self) -> list[str]:
        """Those of the pods that are ready. None is none of them ready, or no answer of the cluster's DNS."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        return sorted({str(address[4][0]) for address in found})

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What prometheus_client asks for at every scrape."""
        up = GaugeMetricFamily("flagsmith_edge_metrics_up", "Whether there are proxies that are ready, and all answer.")
        reached = GaugeMetricFamily("flagsmith_edge_reached", "Whether a ready proxy answers.", labels=["proxy"])
        updated = GaugeMetricFamily(
            "flagsmith_edge_last_update_timestamp_seconds",
            "When a proxy last had the documents of all environments.",
            labels=["proxy"],
        )
        troubles: dict[str, str] = {}
        for proxy, answer in self.answers(troubles).items():
            try:
                at = answer.result(timeout=0)
            except (OSError, HTTPException, AnswerError) as error:
                answer.cancel()
                troubles[proxy] = str(error) or type(error).__name__
                reached.add_metric([proxy], 0)
                continue
            reached.add_metric([proxy], 1)
            if at is not None:
                updated.add_metric([proxy], at)
        up.add_metric([], float(not troubles))
        self.tell(troubles)
        yield from (up, reached, updated)

    def answers(self, troubles: dict[str, str]) -> Mapping[str, Future[float | None]]:
        """What each says, by its address, as far as it came in time; where there is none, `troubles` says why."""
        try:
            asked = {address: self.pool.submit(ask, address, self.port) for address in self.addresses()}
        except OSError as error:
            troubles[self.host] = f"it has no address: {error}"
            return {}
        wait(asked.values(), timeout=ALL_SECONDS)
        return asked

    def tell(self, troubles: Mapping[str, str]) -> None:
        """A line for what is new, not for each scrape."""
        for proxy, why in troubles.items():
            if proxy not in self.troubles:
                log("WARNING", "a proxy cannot be asked", proxy=proxy, why=why)
        for proxy in self.troubles.keys() - troubles.keys():
            log("INFO", "a proxy can be asked again, or is gone", proxy=proxy)
        self.troubles = troubles


class ProxiesServer(ThreadingHTTPServer):
    """Serves the metrics of a registry."""

    daemon_threads = True
    address_family = socket.AF_INET6 if os.environ.get("LISTEN_FAMILY") == "IPv6" else socket.AF_INET

    def __init__(self, port: int, registry: CollectorRegistry) -> None:
        super().__init__(("", port), Answers)
        self.registry = registry


class Answers(BaseHTTPRequestHandler):
    """Answers one request."""

    server: ProxiesServer
    timeout = 10

    def do_GET(self) -> None:
        """`/metrics` and `/healthz`."""
        kind = "text/plain; version=0.0.4; charset=utf-8"
        if self.path == "/metrics":
            status, body = 200, generate_latest(self.server.registry)
        elif self.path == "/healthz":
            status, body = 200, b"ok\n"
        else:
            status, body = 404, b"There are /metrics and /healthz.\n"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: probes and scrapes come several times a minute."""


def main() -> None:
    """Serve until SIGTERM."""
    registry = CollectorRegistry()
    registry.register(Proxies(os.environ["HOST"], int(os.environ["TARGET_PORT"])))
    server = ProxiesServer(int(os.environ["PORT"]), registry)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stop.wait()
    server.shutdown()
    # A proxy that is slow does not keep this from ending.
    os._exit(0)


if __name__ == "__main__":
    main()
