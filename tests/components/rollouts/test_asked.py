"""A Prometheus with one fault: it is away or refuses, within a bounded time, and nobody is told the token."""

import base64
import json
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from components.rollouts.in_pod.asking import Guards
from components.rollouts.in_pod.declared import Declared, Guard, Step
from components.rollouts.in_pod.judge import Series, Span
from components.rollouts.in_pod.prometheus import MOST_BYTES, AwayError, Prometheus, QueryError
from components.rollouts.in_pod.states import Verdict
from tests.certificates import tls_secret
from tests.components.rollouts.faulty import Answer, Faulty, http, result, serving, vector
from tests.fixtures_cluster import eventually
from tests.servers import LOOPBACK

TOKEN = "t0ken-that-nobody-sees"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
SECONDS = 1.0


def at(server: Faulty, scheme: str = "http", **given: Any) -> Prometheus:
    named = "localhost" if scheme == "https" else LOOPBACK
    return Prometheus(f"{scheme}://{named}:{server.port}", **{"token": TOKEN, "seconds": SECONDS, **given})


def error_of(prometheus: Prometheus, query: str = "up") -> AwayError | QueryError:
    """What it says of an instant query, within the time that a question has, and of no fault's thread anything left."""
    began = time.monotonic()
    with pytest.raises((AwayError, QueryError)) as caught:
        prometheus.now(query, NOW)
    assert time.monotonic() - began < prometheus.seconds + 5
    assert TOKEN not in str(caught.value)
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name == "prometheus"], seconds=10)
    assert isinstance(caught.value, AwayError | QueryError)
    return caught.value


def forever(before: bytes, each: bytes) -> Answer:
    """Sends the one, and then the other, again and again, until nobody takes it any more."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(before)
        while True:
            connection.sendall(each)
            time.sleep(SECONDS / 20)

    return answer


def silent(connection: socket.socket) -> None:
    """Waits until the other side is gone."""
    while connection.recv(65536):
        pass


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


AWAY: dict[str, tuple[Answer | bytes, str]] = {
    "a first byte that does not come": (silent, "did not answer within 1 s"),
    "headers byte after byte": (forever(b"HTTP/1.1 200 OK\r\nX-A: ", b"a"), "did not answer within 1 s"),
    "headers without an end": (forever(b"HTTP/1.1 200 OK\r\n", b"X-A: a\r\n"), ""),
    "a body byte after byte": (forever(http("{", Content_Length="900000"), b" "), "did not answer within 1 s"),
    "a body byte after byte, of no length": (
        forever(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{", b" "),
        "did not answer within 1 s",
    ),
    "500": (http("{}", "500 Oh"), "answers 500"),
    "503": (http("starting", "503 Away"), "answers 503"),
    "a page": (http("<html>Log in</html>", Content_Type="text/html"), "does not answer as Prometheus"),
    "a redirect": (http("", "302 Found", Location="http://127.0.0.1:1/"), "answers 302"),
    "a redirect that keeps the method": (http("", "308 Moved", Location="/elsewhere"), "answers 308"),
    "401": (http("{}", "401 No"), "answers 401: it does not take the log-in"),
    "403": (http("{}", "403 No"), "answers 403: it does not take the log-in"),
    "a body that ends too early": (http('{"status": "suc', Content_Length="5000"), "does not answer as Prometheus"),
    "no answer at all": (b"", "cannot be asked"),
    "a connection that is cut": (reset, "cannot be asked"),
    "no HTTP": (b"\0\1\2 token\r\n\r\n", "cannot be asked"),
    "data that is null": (http('{"status": "success", "data": null}'), "does not answer as Prometheus"),
    "no data": (http('{"status": "success"}'), "does not answer as Prometheus"),
    "a list": (http("[]"), "does not answer as Prometheus"),
    "an error that is none of a query's": (http('{"status": "error", "error": "x"}'), "answers without success"),
    "a refusal without a reason": (http("{}", "400 Bad"), "does not answer as Prometheus"),
    "a refusal that is a page": (http("<html>", "400 Bad"), "does not answer as Prometheus"),
    "a result that is null": (result("vector", None), "does not answer as Prometheus"),
    "a value that is no number": (vector(NOW.timestamp(), "much"), "does not answer as Prometheus"),
    "a value that no number can be": (
        http(
            b'{"status": "success", "data": {"resultType": "vector", "result": '
            b'[{"metric": {}, "value": [1, 1' + b"0" * 400 + b"]}]}}"
        ),
        "does not answer as Prometheus",
    ),
    "a moment that is none": (vector("NaN", "0"), "a moment that is none"),
    "a moment that never comes": (vector(1e300, "0"), "a moment that is none"),
    "labels that are none": (vector(NOW.timestamp(), "0", 7), "does not answer as Prometheus"),
    "nested without an end": (http("[" * 100_000), "does not answer as Prometheus"),
}
REFUSED: dict[str, tuple[Answer | bytes, str]] = {
    "a query that is wrong": (http('{"status": "error", "error": "parse error"}', "400 Bad"), "parse error"),
    "one that cannot be carried out": (http('{"error": "too many samples"}', "422 No"), "too many samples"),
    "a refusal that shows what it was sent": (http(json.dumps({"error": f"no {TOKEN}\n\x1b[2J"}), "400 Bad"), "no ***"),
    "a text": (result("string", [NOW.timestamp(), "x"]), "it gives a string, and no number"),
    "another type": (result("histogram", []), "it gives a histogram, and no number"),
    "a warning, as of a part that is away": (
        result("vector", [], warnings=["store is away"]),
        "it warns of its answer: store is away",
    ),
    "too much": (forever(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 1_000_000), f"more than {MOST_BYTES:,} bytes"),
}


@pytest.mark.parametrize("fault", AWAY)
def test_one_that_does_not_answer_as_prometheus_is_away(fault: str) -> None:
    answer, said = AWAY[fault]
    with serving(answer) as server:
        error = error_of(at(server))
        assert isinstance(error, AwayError)
        assert said in str(error)
        assert str(error).isprintable()
        assert len(server.asked) == 1, "it is asked once, and not sent elsewhere"
        assert f"Authorization: Bearer {TOKEN}".encode() in server.asked[0]


@pytest.mark.parametrize("fault", REFUSED)
def test_what_it_refuses_is_the_query_s_and_said(fault: str) -> None:
    answer, said = REFUSED[fault]
    with serving(answer) as server:
        error = error_of(at(server, seconds=5.0))
    assert isinstance(error, QueryError)
    assert said in str(error)
    assert str(error).isprintable()


def test_nobody_listens() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
    error = error_of(Prometheus(f"http://{LOOPBACK}:{port}", token=TOKEN, seconds=SECONDS))
    assert "Connection refused" in str(error)


def test_a_redirect_s_target_is_never_asked() -> None:
    with serving(vector(NOW.timestamp(), "0")) as target:
        moved = http("", "307 Moved", Location=f"http://{LOOPBACK}:{target.port}/api/v1/query")
        with serving(moved) as server:
            assert "answers 307" in str(error_of(at(server)))
        assert target.asked == []


def tls(home: Path, host: str = "localhost") -> tuple[ssl.SSLContext, str]:
    data = tls_secret(host, datetime.now(UTC) + timedelta(days=30))["data"]
    for name in ("tls.crt", "tls.key"):
        (home / name).write_bytes(base64.b64decode(data[name]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home / "tls.crt", home / "tls.key")
    return context, str(home / "tls.crt")


def test_another_authority_or_another_name_is_not_told_the_token(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    context, authority = tls(tmp_path)
    other = tls(tmp_path / "other", "prometheus.example.com")
    fine = vector(NOW.timestamp(), "0.5")
    with serving(fine, context) as server:
        assert at(server, "https", authority=authority).now("up", NOW) == [Series({}, [(NOW.timestamp(), 0.5)])]
        server.asked.clear()
        for wrong in (None, other[1]):
            error = error_of(at(server, "https", authority=wrong))
            assert isinstance(error, AwayError)
            assert "certificate" in str(error).lower()
        missing = error_of(at(server, "https", authority=str(tmp_path / "none.crt")))
        assert "No such file" in str(missing)
        assert server.asked == []
    with serving(fine, other[0]) as server:
        assert "Hostname mismatch" in str(error_of(at(server, "https", authority=other[1])))
        assert server.asked == []


def test_a_handshake_that_does_not_end_is_ended(tmp_path: Path) -> None:
    with serving(silent) as server:
        error = error_of(at(server, "https", authority=tls(tmp_path)[1]))
    assert str(error) == "did not answer within 1 s"


@pytest.mark.parametrize("token", ["two\r\nlines: x", "two\nlines", "häkchen", "tab\tin"])
def test_a_token_that_no_header_can_hold_is_not_said(token: str) -> None:
    with serving(vector(NOW.timestamp(), "0")) as server:
        with pytest.raises(AwayError) as caught:
            at(server, token=token).now("up", NOW)
        assert str(caught.value) == "cannot be asked: its token has a character that no header may have"
        assert server.asked == []
    assert token not in repr(at(server, token=token))


def test_one_that_is_away_is_not_asked_for_the_next_guard_and_one_that_refuses_is() -> None:
    guards = (Guard("one", "up", at_most=1), Guard("two", "down", at_most=1))
    declared = Declared("flag", "production", None, (Step(10), Step(100)), guards=guards)

    def said(server: Faulty) -> dict[str, Verdict]:
        found = Guards(at(server)).answers(declared, 10, NOW - timedelta(hours=1), NOW)
        return {name: answer.verdict for name, answer in found.items()}

    with serving(http("", "503 Away")) as server:
        assert said(server) == {"one": Verdict.AWAY, "two": Verdict.AWAY}
        assert len(server.asked) == 2  # the first guard's, and whether it answers anything
    with serving(http('{"error": "no"}', "422 No")) as server:
        assert said(server) == {"one": Verdict.SILENT, "two": Verdict.SILENT}
        assert len(server.asked) == 2


def test_what_it_has_is_read_with_its_path_and_a_hint_of_a_release_is_no_warning() -> None:
    hint = ["PromQL info: metric might not be a counter"]
    matrix = result("matrix", [{"metric": {"a": "b"}, "values": [[1, "2"], [3, "NaN"]]}], warnings=hint)
    with serving(matrix) as server:
        asked = Prometheus(f"http://{LOOPBACK}:{server.port}/select/0/", seconds=SECONDS)
        (found,) = asked.over("up", Span(NOW - timedelta(minutes=1), NOW, timedelta(seconds=15)))
        assert (found.labels, found.points[0]) == ({"a": "b"}, (1.0, 2.0))
        assert server.asked[0].startswith(b"POST /select/0/api/v1/query_range HTTP/1.1\r\n")
        assert b"Authorization" not in server.asked[0]
    with serving(result("scalar", [5, "7"])) as server:
        assert at(server).now("scalar(up)", NOW) == [Series({}, [(5.0, 7.0)])]
