"""Ships Flagsmith's audit log as it is written, each entry at least once. Runs in Flagsmith's image.

SINK is `stdout`, or `https` with URL, TOKEN_FILE and CA_FILE; SOURCE names the deployment in each entry's id; INTERVAL
is how many seconds there are between two looks, BATCH how many entries are sent at once, METRICS_PORT where Prometheus
and the kubelet look. What it has to say itself it writes to standard error, as JSON.
"""

import json
import math
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import psycopg2
from audit_cursor import Cursor, MovedError
from audit_entries import connected, described, read
from audit_sink import Https, Refusal, Sink, Stdout, StoppedError
from prometheus_client import Counter, Gauge, make_wsgi_app
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

LOCK = 0x464C4155  # any fixed number that no other program locks in this database
HUNG_SECONDS = 300  # longer than the slowest request, statement and the two in a row
TICK = 5.0
AGAIN = timedelta(hours=1)  # until an entry that was refused is offered again
LONGEST_PAUSE = 60.0

EXPORTED = Counter("flagsmith_audit_exported", "Entries that the sink took, repeated ones too.")
LAG = Gauge(
    "flagsmith_audit_export_lag_seconds",
    "Age of the oldest entry that is not exported, at most; 0 if all are. It grows while nobody can look; NaN before.",
)
UP = Gauge("flagsmith_audit_export_up", "Whether the last look at the log and the last delivery succeeded.")
REFUSED = Gauge("flagsmith_audit_export_refused", "Entries that the endpoint refuses; offered again every hour.")
RESETS = Counter("flagsmith_audit_export_resets", "How often the log was another one, and exported from its start.")
GIVEN_UP = Counter("flagsmith_audit_export_gaps_given_up", "Ranges of numbers given up with a transaction open.")


def say(level: str, event: str, **facts: object) -> None:
    """A line of the exporter's own log."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    print(json.dumps({"time": moment, "level": level, "event": event, **facts}), file=sys.stderr, flush=True)


class EntryExporter:
    """The exporter, from its start to SIGTERM."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.source = environment["SOURCE"]
        self.interval, self.batch = float(environment["INTERVAL"]), int(environment["BATCH"])
        self.stop = threading.Event()
        self._alive = time.monotonic()
        self._is_up = False
        # Of the log when it was looked at last: when its oldest entry that waits was written, or that there was none.
        self._oldest: datetime | None = None
        self._all_exported: datetime | None = None
        UP.set_function(lambda: float(self._is_up and self.is_alive()))
        LAG.set_function(self._lag)
        REFUSED.set(math.nan)
        if environment["SINK"] == "stdout":
            self.sink: Sink = Stdout()
        else:
            token, ca = environment.get("TOKEN_FILE"), environment.get("CA_FILE")
            self.sink = Https(environment["URL"], token, ca, self.wait, self._trouble)

    def is_alive(self) -> bool:
        """Whether it did something within HUNG_SECONDS, be it to wait."""
        return time.monotonic() - self._alive < HUNG_SECONDS

    def wait(self, seconds: float) -> None:
        """Wait, alive. Raises StoppedError when it is to end."""
        until = time.monotonic() + seconds
        while True:
            self._alive = time.monotonic()
            if self.stop.wait(max(0.0, min(TICK, until - self._alive))):
                raise StoppedError
            if time.monotonic() >= until:
                return

    def run(self) -> None:
        """Export until stopped; a database that is away is waited for."""
        pause = 1.0
        while True:
            try:
                with connected() as connection:
                    self._take_turn(connection)
                    pause = 1.0
                    started = Cursor(connection).now()
                    while True:
                        if not self.step(connection, started):
                            self.wait(self.interval)
            except psycopg2.Error as error:
                self._is_up = False
                say("error", "the audit log cannot be read", why=str(error).strip(), seconds=pause)
            except MovedError:
                self._is_up = False
                say("warning", "another exporter moved the cursor: this one waits for its turn", seconds=pause)
            self.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def step(self, connection: Connection, started: datetime) -> bool:
        """Export one batch; whether there may be more at once. What was refused before `started` is offered again."""
        cursor = Cursor(connection)
        looked = datetime.now(UTC)
        late, new = cursor.pending(self.batch)
        self._note(cursor)
        self._oldest = cursor.oldest_waiting(late, new)
        if late or new:
            refused = self._ship(connection, [*late, *new])
            cursor.advance(late, new, refused)
            EXPORTED.inc(len(late) + len(new) - len(refused))
        self._offer_again(connection, cursor, started)
        REFUSED.set(cursor.refused())
        self._is_up = True
        is_full = len(late) + len(new) >= self.batch
        if not is_full:
            self._oldest, self._all_exported = None, looked
        return is_full

    def _ship(self, connection: Connection, numbers: Sequence[int]) -> list[Refusal]:
        rows = read(connection, "entry.id = ANY (%s)", (numbers,), limit=len(numbers))
        self.wait(0)
        refused = self.sink.send(described(connection, rows, self.source)) if rows else []
        for number, answer in refused:
            say("error", "the endpoint refuses an entry, which is kept and offered again", row=number, answer=answer)
        return refused

    def _offer_again(self, connection: Connection, cursor: Cursor, started: datetime) -> None:
        """Each entry by itself: they were refused, and must not keep others back."""
        for number in cursor.refused_before(started, AGAIN, self.batch):
            refused = self._ship(connection, [number])
            cursor.offered_again([number], refused)
            EXPORTED.inc(1 - len(refused))

    def _take_turn(self, connection: Connection) -> None:
        """Two exporters would send everything twice: the second one waits for the first one's connection to end."""
        is_first = True
        while True:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,))
                ((is_ours,),) = cursor.fetchall()
                if is_ours:
                    return
            if is_first:
                say("info", "another exporter is at work: this one waits")
            is_first = False
            self.wait(TICK)

    def _note(self, cursor: Cursor) -> None:
        if cursor.was_reset:
            RESETS.inc()
            say("warning", "the log is another one, as after a restore: it is exported from its start")
        for first, last in cursor.given_up:
            GIVEN_UP.inc()
            say("error", "numbers are given up, with a transaction open that may hold them", first=first, last=last)

    def _trouble(self, why: str, seconds: float) -> None:
        self._is_up = False
        say("error", "the entries are not delivered", why=why, seconds=round(seconds, 1))

    def _lag(self) -> float:
        oldest, all_exported = self._oldest, self._all_exported
        since = oldest or all_exported
        if since is None:
            return math.nan
        if oldest is None and self._is_up and self.is_alive():
            return 0.0
        # What was written since the last look may wait as long as that is ago.
        return max(0.0, (datetime.now(UTC) - since).total_seconds())


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    address_family = socket.AF_INET6 if os.environ.get("LISTEN_FAMILY") == "IPv6" else socket.AF_INET


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """A probe is no news."""


def serve(exporter: EntryExporter, port: int) -> None:
    """`/metrics`, and `/livez` for the kubelet."""
    metrics = make_wsgi_app()

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/livez":
            served: Iterable[bytes] = metrics(environ, start_response)
            return served
        alive = exporter.is_alive()
        start_response("200 OK" if alive else "503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"alive" if alive else b"hung"]

    server = make_server("", port, answer, server_class=_Server, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main() -> None:
    """Export until SIGTERM: what is on its way is finished or sent again by the next one."""
    exporter = EntryExporter(os.environ)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: exporter.stop.set())
    serve(exporter, int(os.environ["METRICS_PORT"]))
    say("info", "started", sink=os.environ["SINK"], source=exporter.source)
    try:
        exporter.run()
    except StoppedError:
        say("info", "stopped")


if __name__ == "__main__":
    main()
