"""Serves as Prometheus metrics what Flagsmith keeps in PostgreSQL and tells no one. Runs in the Flagsmith image.

Every INTERVAL_SECONDS it connects to DATABASE_URL, asks, and disconnects; a scrape only reads what was found, so that
any number of Prometheus servers costs the database the same. PORT serves `/metrics`, and `/healthz` for the probes.
SAMPLE is how many identities of an environment stand for all of them; 0 reads nobody's identifier, and leaves the
adoption of features out.
"""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import psycopg2
from flag_metrics_adoption import Adoption, engine
from flag_metrics_expiry import Expiry
from flag_metrics_failures import Failures
from flag_metrics_inventory import Inventory
from flag_metrics_parts import Catalogue, Evaluations, Family, Part, Tasks, has_tables
from flag_metrics_reports import Exposures, Reports
from flag_metrics_rollout import Rollout
from plain_tables import look
from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

# What changes by people's hands, or costs more, is asked for at every fifth turn only.
SLOW = 5
# Longer than any statement on its indexes takes on a database that is well.
STATEMENT_SECONDS = 10
CONNECT_SECONDS = 5
PREFIX = "flagsmith_flag_metrics"


def log(level: str, message: str, **fields: object) -> None:
    """One line of JSON, as Flagsmith's own."""
    print(json.dumps({"levelname": level, "message": message, **fields}), flush=True)


def said(error: Exception, url: str) -> str:
    """What an error of the database says, on one line and without the password."""
    text = " ".join(str(error).split())
    password = urlsplit(url).password
    return text.replace(password, "***") if password else text


class Exporter:
    """Collects in turns, and shows the last turn to whoever scrapes."""

    def __init__(self, url: str, interval: int, sample: int) -> None:
        self.url = url
        self.interval = interval
        catalogue = Catalogue()
        # Whose labels the others use comes first.
        self.fast: list[Part] = [catalogue, Evaluations(catalogue), Tasks(), Failures()]
        self.slow: list[Part] = [Inventory(), Expiry(), Rollout(catalogue), Exposures(catalogue)]
        if sample:
            self.slow.append(Reports(catalogue))
        if sample and engine is not None:
            self.slow.append(Adoption(catalogue, sample))
        elif sample:
            log("WARNING", "This release of Flagsmith has no engine that could tell which features an identity has")
        self.families: dict[str, Sequence[Family]] = {}
        self.took: dict[str, float] = {}
        self.failing = {part.name for part in self.parts}
        self.turn = 0
        self.collected: float | None = None
        self.beat = time.monotonic()

    @property
    def parts(self) -> list[Part]:
        """All of them, in order."""
        return [*self.fast, *self.slow]

    def run(self, stop: threading.Event) -> None:
        """Take turns until `stop` is set."""
        while not stop.is_set():
            started = time.monotonic()
            self.collect_all()
            self.beat = time.monotonic()
            stop.wait(max(1.0, self.interval - (self.beat - started)))

    def due(self) -> list[Part]:
        """The parts of this turn: of the slow ones those that failed the last time, and every so often all."""
        slow = [part for part in self.slow if self.turn % SLOW == 0 or part.name in self.failing]
        self.turn += 1
        return [*self.fast, *slow]

    def collect_all(self) -> None:
        """One turn. It never raises: a database that is away is a fact to be told."""
        parts = self.due()
        try:
            connection = psycopg2.connect(
                self.url, connect_timeout=CONNECT_SECONDS, application_name="flagsmith-flag-metrics"
            )
        except psycopg2.ProgrammingError:
            self.failed(self.parts, "DATABASE_URL is not an address that libpq understands")
            return
        except psycopg2.Error as error:
            self.failed(self.parts, said(error, self.url))
            return
        try:
            for part in parts:
                self.collect_part(part, connection)
        finally:
            connection.close()

    def collect_part(self, part: Part, connection: Connection) -> None:
        """One part, in a read-only transaction of its own, so that one that fails takes no other along."""
        started = time.monotonic()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
                # For this transaction alone: behind a pooler the session is somebody else's next.
                cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'")
                found: Sequence[Family] = ()
                if not part.since_a_release or has_tables(cursor, part.reads):
                    look(cursor, part.reads)
                    found = part.collect(cursor)
        except psycopg2.Error as error:
            self.failed([part], said(error, self.url))
            return
        except Exception as error:  # noqa: BLE001 - such as a segment's regular expression that is none
            # No more than its type: what it says can hold what users are known by.
            self.failed([part], f"unexpected {type(error).__name__}")
            return
        part.committed()
        self.families[part.name] = found
        self.took[part.name] = time.monotonic() - started
        if part.name in self.failing:
            log("INFO", "collected", part=part.name)
        self.failing.discard(part.name)
        self.collected = time.time()

    def failed(self, parts: Sequence[Part], reason: str) -> None:
        """Forget gauges, which would go on telling what was; a counter stays what it is."""
        names = [part.name for part in parts]
        for part in parts:
            if not part.counts:
                self.families.pop(part.name, None)
        if not self.failing.issuperset(names) or self.turn == 1:
            log("ERROR", f"could not collect {', '.join(names)}: {reason}")
        self.failing.update(names)

    @property
    def age(self) -> float:
        """Seconds since the end of the last turn; grows for as long as the database keeps an answer to itself."""
        return time.monotonic() - self.beat

    @property
    def patience(self) -> float:
        """After how many seconds a turn is stuck: no sum of statements that end in time takes so long."""
        return 3 * self.interval + 120

    def collect(self) -> Iterator[Family]:
        """What prometheus_client asks for at every scrape."""
        names = [part.name for part in self.parts]
        stuck = self.age > self.patience
        up = GaugeMetricFamily(f"{PREFIX}_up", "Whether everything could be collected the last time.")
        up.add_metric([], 0 if self.failing or stuck else 1)
        parts = GaugeMetricFamily(f"{PREFIX}_part_up", "Whether a part could be collected.", labels=["part"])
        took = GaugeMetricFamily(f"{PREFIX}_collection_seconds", "How long a part took.", labels=["part"])
        for name in names:
            parts.add_metric([name], 0 if name in self.failing or stuck else 1)
            if name in self.took:
                took.add_metric([name], self.took[name])
        yield from (up, parts, took)
        if self.collected is not None:
            yield GaugeMetricFamily(
                f"{PREFIX}_last_collection_timestamp_seconds", "When a part was collected.", value=self.collected
            )
        for found in list(self.families.values()):
            yield from found


def application(exporter: Exporter) -> "WSGIApplication":
    """The WSGI application: the metrics, and whether the exporter takes its turns."""
    registry = CollectorRegistry()
    registry.register(exporter)
    metrics = make_wsgi_app(registry)

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            served: Iterable[bytes] = metrics(environ, start_response)
            return served
        if environ["PATH_INFO"] != "/healthz":
            status, text = "404 Not Found", "There are /metrics and /healthz.\n"
        elif exporter.age > exporter.patience:
            status, text = "503 Service Unavailable", f"No turn has ended for {exporter.age:.0f} s.\n"
        else:
            status, text = "200 OK", "ok\n"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [text.encode()]

    return answer


class Quiet(WSGIRequestHandler):
    """Probes and scrapes come several times a minute: they are not worth a line each."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class MetricsServer(ThreadingMixIn, WSGIServer):
    """One that a client who reads slowly does not keep from answering the probes."""

    daemon_threads = True
    address_family = socket.AF_INET6 if os.environ.get("LISTEN_FAMILY") == "IPv6" else socket.AF_INET


def main() -> None:
    """Serve until SIGTERM."""
    exporter = Exporter(os.environ["DATABASE_URL"], int(os.environ["INTERVAL_SECONDS"]), int(os.environ["SAMPLE"]))
    server = make_server("", int(os.environ["PORT"]), application(exporter), MetricsServer, Quiet)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    exporter.run(stop)
    server.shutdown()


if __name__ == "__main__":
    main()
