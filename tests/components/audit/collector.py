"""A real HTTPS endpoint on loopback that takes entries, or does not, as a test says; and the exporter as a process."""

import base64
import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

from components.audit.reader import SCRIPTS
from tests.certificates import tls_secret
from tests.components.audit.log import SOURCE, Log
from tests.in_pod import SHARED
from tests.servers import free_port

Entry = dict[str, Any]
Answer = tuple[int, dict[str, str], str]
TAKEN: Answer = (200, {}, "")


@dataclass
class Collector:
    """The endpoint.

    Attributes:
        home: A directory for its certificate.
        answer: Says how a batch is answered; only what is answered with 200 counts as taken.
        batches: Each request, taken or not.
        taken: The entries of those that were.
        tokens: The Authorization headers.
        times: When each request came.
    """

    home: Path
    answer: Callable[[list[Entry]], Answer] = field(default=lambda _: TAKEN)
    batches: list[list[Entry]] = field(default_factory=list)
    taken: list[Entry] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        secret = tls_secret("localhost", datetime.now(UTC) + timedelta(days=1))["data"]
        for name in ("tls.crt", "tls.key"):
            (self.home / name).write_bytes(base64.b64decode(secret[name]))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.home / "tls.crt", self.home / "tls.key")
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                entries = [json.loads(line) for line in body.splitlines()]
                collector.tokens.append(self.headers["Authorization"])
                collector.times.append(monotonic())
                collector.batches.append(entries)
                status, headers, said = collector.answer(entries)
                if status == 200:
                    collector.taken.extend(entries)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(said))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said.encode())

            def log_message(self, *_: object) -> None:
                """Tests read what was sent, not a log."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A client that was killed, or that does not trust the certificate, is what a test wants."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"https://localhost:{self._server.server_address[1]}/api/v1/events"

    @property
    def rows(self) -> list[int]:
        """The numbers of the entries that were taken, in their order."""
        return [entry["row"] for entry in self.taken]

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass
class Exporters:
    """Starts exporters, and ends them with the test."""

    log: Log
    home: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)
    port: int = field(default_factory=free_port)

    def start(self, *command: str, **variables: str) -> subprocess.Popen[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": self.log.url,
            "SOURCE": SOURCE,
            "SINK": "https",
            "INTERVAL": "0.1",
            "BATCH": "10",
            "METRICS_PORT": str(self.port),
            "PYTHONPATH": SHARED,
            **variables,
        }
        with self.output.open("ab") as out, self.said.open("ab") as said:
            process = subprocess.Popen(
                [sys.executable, *(command or [str(SCRIPTS / "export_audit.py")])],
                env=environment,
                stdout=out,
                stderr=said,
                text=True,
            )
        self.running.append(process)
        return process

    def to(self, collector: Collector, *command: str, **variables: str) -> subprocess.Popen[str]:
        return self.start(*command, URL=collector.url, CA_FILE=str(collector.home / "tls.crt"), **variables)

    @property
    def output(self) -> Path:
        return self.home / "out"

    @property
    def said(self) -> Path:
        return self.home / "said"

    def events(self) -> list[dict[str, Any]]:
        """What the exporters said themselves."""
        return [json.loads(line) for line in self.said.read_text(encoding="utf-8").splitlines()]

    def metrics(self) -> dict[str, float]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return {line.split()[0]: float(line.split()[1]) for line in lines if line.startswith("flagsmith_")}

    def livez(self) -> int:
        """What the kubelet is answered; 0 for nothing."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/livez", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def end(self, process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> int:
        process.send_signal(number)
        return process.wait(timeout=30)

    def stop(self) -> None:
        for process in self.running:
            if process.poll() is None:
                self.end(process, signal.SIGKILL)
