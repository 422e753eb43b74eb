"""Forwarded ports: what comes back, two at once, and what is said when nothing answers."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from flagops.errors import OpsError
from flagops.pods.pods import PodComponent, running
from flagops.pods.port_forward import forward
from flagops.pods.restart import restart
from flagops.stacks.deployed import Instance
from tests.containers import Containers
from tests.fixtures_cluster import eventually
from tests.servers import LOOPBACK, free_port

pytestmark = pytest.mark.cluster
LARGE = b"x" * 1_000_000


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(LARGE)

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def api(containers: Containers) -> Iterator[None]:
    server = ThreadingHTTPServer((LOOPBACK, containers.api_port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.usefixtures("api")
def test_large_bodies_pass_both_ways_and_several_at_once(instance: Instance) -> None:
    with forward(instance, PodComponent.API, 8000) as port:
        url = f"http://{LOOPBACK}:{port}/"
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda _: httpx.get(url, timeout=30).content, range(4)))
        assert answers == [LARGE] * 4
        assert httpx.post(url, content=LARGE, timeout=30).content == LARGE


@pytest.mark.usefixtures("api")
def test_a_forward_outlives_the_pod_it_went_to(instance: Instance) -> None:
    with forward(instance, PodComponent.API, 8000) as port:
        url = f"http://{LOOPBACK}:{port}/"
        assert httpx.get(url, timeout=30).is_success
        before = running(instance, PodComponent.API)["metadata"]["name"]
        restart(instance, [PodComponent.API], seconds=120, on_step=lambda _: None)
        assert running(instance, PodComponent.API)["metadata"]["name"] != before

        def it_answers_again() -> bool:
            try:
                return httpx.get(url, timeout=30).is_success
            except httpx.TransportError:
                return False

        eventually(it_answers_again)


def test_a_port_that_nothing_answers_on_is_said_so(instance: Instance) -> None:
    problems: list[str] = []
    with forward(instance, PodComponent.API, 8000, on_problem=problems.append) as port:
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://{LOOPBACK}:{port}/", timeout=10)

        def the_problem_is_told() -> bool:
            return bool(problems)

        eventually(the_problem_is_told)
    assert "port 8000" in problems[0]


def test_a_taken_port_is_refused(instance: Instance) -> None:
    taken = free_port()
    with (
        forward(instance, PodComponent.CACHE, 6379, local_port=taken),
        pytest.raises(OpsError, match=f"The port {taken} of this machine cannot be used"),
        forward(instance, PodComponent.CACHE, 6379, local_port=taken),
    ):
        pass


def test_a_component_without_a_ready_pod_is_said_so(instance: Instance) -> None:
    with pytest.raises(OpsError, match="No pod of 'backup' is ready"), forward(instance, PodComponent.BACKUP, 80):
        pass
