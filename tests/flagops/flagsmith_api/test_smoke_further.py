"""`ff smoke`: each further name is asked, by what is published where it leads."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from flagops.commands.smoke import suite
from flagops.commands.smoke.model import CheckStatus

KEY = "a-client-side-key"


@contextmanager
def serving(status: int) -> Iterator[tuple[int, list[tuple[str, str | None]]]]:
    """A way in; what was asked for, with which key."""
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["X-Environment-Key"]))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def visit(port: int, *, is_edge: bool, further: tuple[str, ...] = ("localhost",)) -> Any:
    place = SimpleNamespace(public_url=f"http://127.0.0.1:{port}", further=further, is_edge=is_edge)
    deadline = SimpleNamespace(left=10.0, check=lambda: None)
    return SimpleNamespace(place=place, deadline=deadline, keys=SimpleNamespace(client_side=KEY))


@pytest.mark.parametrize(
    ("is_edge", "question"),
    [(False, ("/health/liveness/", None)), (True, ("/api/v1/flags/", KEY))],
    ids=["whole", "edge alone"],
)
def test_a_further_name_is_asked_for_what_is_published_there(is_edge: bool, question: tuple[str, str | None]) -> None:
    with serving(200) as (port, asked):
        result = suite.run_one("further-names", visit(port, is_edge=is_edge))
    assert (result.outcome, result.detail, asked) == (CheckStatus.PASSED, "localhost", [question])


@pytest.mark.parametrize("is_edge", [False, True])
def test_one_that_leads_elsewhere_fails(is_edge: bool) -> None:
    with serving(404) as (port, _):
        result = suite.run_one("further-names", visit(port, is_edge=is_edge))
    assert result.outcome is CheckStatus.FAILED
    assert f"http://localhost:{port}" in result.detail
    assert "status 404" in result.detail


def test_without_one_it_is_skipped() -> None:
    assert suite.run_one("further-names", visit(1, is_edge=True, further=())).outcome is CheckStatus.SKIPPED
