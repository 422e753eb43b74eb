"""What the exporter of the edge tells, of proxies that answer as the real one, and of others that do not."""

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from components.edge_metrics.edge_metrics import SCRIPT
from tests.components.flag_metrics.conftest import Metrics
from tests.doubles.edge import Edge, serve
from tests.in_pod import importable
from tests.metrics import SCRAPES, parse_scrape
from tests.servers import LOOPBACK, free_port

UP, REACHED = "flagsmith_edge_metrics_up", "flagsmith_edge_reached"
UPDATED = "flagsmith_edge_last_update_timestamp_seconds"
# Pods have one port and addresses of their own; so has a loopback.
SERVICE = "flagsmith-edge-pods"
FIRST, SECOND = "127.0.0.2", "127.0.0.3"
SAID, AT = "2026-11-28T08:20:19.267192", 1795854019.267192


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    with importable(SCRIPT.parent):
        yield importlib.import_module(SCRIPT.stem)


class Asked:
    """The exporter, as a scrape asks it."""

    def __init__(self, script: ModuleType, port: int) -> None:
        self.port, self.registry = port, CollectorRegistry()
        self.registry.register(script.Proxies(SERVICE, port))

    def scrape(self) -> Metrics:
        return Metrics(generate_latest(self.registry).decode())


@pytest.fixture
def addresses(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the cluster's DNS answers: the pods that are ready; its own error for none."""
    found: list[str] = []

    real = socket.getaddrinfo

    def answer(host: str, port: int, *others: Any, **named: Any) -> Any:
        if host != SERVICE:
            return real(host, port, *others, **named)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        # Each for two kinds of sockets, as some resolvers say it.
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found for _ in "ab"]

    monkeypatch.setattr(script.socket, "getaddrinfo", answer)
    return found


@pytest.fixture
def exporter(script: ModuleType, addresses: list[str]) -> Asked:
    assert addresses == []
    return Asked(script, free_port())


def test_it_tells_of_each_proxy_when_it_last_had_all_documents(exporter: Asked, addresses: list[str]) -> None:
    addresses += [FIRST, SECOND]
    old, new = Edge(updated=SAID), Edge(updated="2026-11-28T09:20:19.267192")
    with serve(old, exporter.port, host=FIRST), serve(new, exporter.port, host=SECOND):
        found = exporter.scrape()
    assert found.all(UPDATED) == {(FIRST,): pytest.approx(AT), (SECOND,): pytest.approx(AT + 3600)}
    assert found.all(REACHED) == {(FIRST,): 1, (SECOND,): 1}
    assert found.one(UP) == 1


@pytest.mark.parametrize(
    "said", [SAID, f"{SAID}Z", "2026-11-28T10:20:19.267192+02:00", "2026-11-28T08:20:19.267192444Z"]
)
def test_a_time_without_a_zone_is_of_a_container_s_clock_and_one_with_a_zone_is_taken_at_its_word(
    exporter: Asked, addresses: list[str], said: str
) -> None:
    addresses.append(FIRST)
    with serve(Edge(updated=said), exporter.port, host=FIRST):
        assert exporter.scrape().one(UPDATED) == pytest.approx(AT, abs=0.001)


def test_a_proxy_that_never_had_documents_answers_and_has_no_time(exporter: Asked, addresses: list[str]) -> None:
    addresses.append(FIRST)
    with serve(Edge(updated=None), exporter.port, host=FIRST):
        found = exporter.scrape()
    assert (found.all(UPDATED), found.all(REACHED), found.one(UP)) == ({}, {(FIRST,): 1}, 1)


def test_one_that_does_not_answer_hides_no_other_and_is_told_once(
    exporter: Asked, addresses: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    addresses += [FIRST, SECOND]
    with serve(Edge(updated=SAID), exporter.port, host=SECOND):
        found = [exporter.scrape() for _ in range(3)][-1]
        assert found.all(UPDATED) == {(SECOND,): pytest.approx(AT)}
        assert found.one(UP) == 0
        assert found.all(REACHED) == {(FIRST,): 0, (SECOND,): 1}
        with serve(Edge(updated=SAID), exporter.port, host=FIRST):
            assert exporter.scrape().one(UP) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["levelname"], line["proxy"]) for line in lines] == [("WARNING", FIRST), ("INFO", FIRST)]


def test_no_proxy_that_is_ready_is_nothing_to_see_not_all_well(exporter: Asked) -> None:
    found = exporter.scrape()
    assert (found.one(UP), found.all(REACHED), found.all(UPDATED)) == (0, {}, {})


def _handler(answer: Callable[[BaseHTTPRequestHandler], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def faulty(port: int, answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[None]:
    """Something that listens where a proxy should."""
    server = ThreadingHTTPServer((FIRST, port), _handler(answer))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def text(body: bytes, status: int = 200, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def garbage(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"\x00\xff" * 40)


WRONG = {
    "a page": text(b"<html>"),
    "another object": text(b'{"status": "ok"}'),
    "a list": text(b"[1]"),
    "a number": text(b'{"last_successful_update": 1795854019}'),
    "no time": text(b'{"last_successful_update": "soon"}'),
    "lists in lists": text(b"[" * 60_000),
    "no end": text(b'{"last_successful_update": "' + b"x" * 200_000),
    "no text": text(b"\xff\xfe{"),
    "a redirect": text(b"", 302, Location="http://127.0.0.3:1/"),
    "no HTTP": garbage,
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG)
def test_what_is_no_proxy_s_answer_is_a_proxy_that_cannot_be_asked(
    exporter: Asked, addresses: list[str], answer: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    addresses.append(FIRST)
    with faulty(exporter.port, answer):
        found = exporter.scrape()
    assert (found.one(UP), found.one(REACHED), found.all(UPDATED)) == (0, 0, {})


def test_what_a_proxy_says_is_not_in_the_log(
    exporter: Asked, addresses: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    addresses.append(FIRST)
    with faulty(exporter.port, text(b'{"last_successful_update": "ser.a-secret-key"}')):
        exporter.scrape()
    assert "ser." not in capsys.readouterr().out


def test_one_that_answers_byte_by_byte_keeps_no_scrape_waiting(
    script: ModuleType, exporter: Asked, addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "ALL_SECONDS", 0.5)
    addresses += [FIRST, SECOND]
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        while not over.wait(0.1):
            handler.wfile.write(b"x")

    with faulty(exporter.port, drip), serve(Edge(updated=SAID), exporter.port, host=SECOND):
        started = time.monotonic()
        found = exporter.scrape()
        assert time.monotonic() - started < 5
        over.set()
    assert found.all(REACHED) == {(FIRST,): 0, (SECOND,): 1}
    assert found.all(UPDATED) == {(SECOND,): pytest.approx(AT)}


def test_as_a_process_it_serves_metrics_and_its_health_and_ends_when_it_is_told_to() -> None:
    target, port = free_port(), free_port()
    variables = {"HOST": LOOPBACK, "TARGET_PORT": str(target), "PORT": str(port)}
    with serve(Edge(updated=SAID), target):
        process = subprocess.Popen([sys.executable, SCRIPT], env={"PATH": os.environ["PATH"], **variables})
        try:
            ask = retry(
                retry=retry_if_exception_type(httpx.TransportError), wait=wait_fixed(0.1), stop=stop_after_delay(30)
            )(httpx.get)
            served = ask(f"http://{LOOPBACK}:{port}/metrics")
            assert Metrics(served.text).one(UPDATED) == pytest.approx(AT)
            assert served.headers["content-type"].startswith("text/plain; version=0.0.4")
            recorded = (SCRAPES / "edge-metrics.txt").read_text(encoding="utf-8")
            assert parse_scrape(recorded).names.keys() == parse_scrape(served.text).names.keys()
            assert ask(f"http://{LOOPBACK}:{port}/other").status_code == 404
        finally:
            assert ask(f"http://{LOOPBACK}:{port}/healthz").text == "ok\n"
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
