"""Rollouts that a real Prometheus watches, with a series that a rule makes, against the double."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.components.monitoring.prometheus import Prometheus, watching
from tests.fixtures_cluster import eventually
from tests.flagops.commands.flags.rolling import CATALOGUE as STEPS
from tests.flagops.commands.flags.rolling import FLAG, Rolling
from tests.flagops.commands.flags.support import Project, Run

RULES = [{"record": "checkout_error_ratio", "expr": "sum(checkout_failed) / sum(checkout_requests)"}]
GUARD = "  checkout-errors: {query: checkout_error_ratio, at_most: 0.01, broken: back}"
CATALOGUE = STEPS.replace("flags:", f"guards:\n{GUARD}\nflags:").replace("6h", "1s").replace("1d", "1s") + (
    "      guards: [checkout-errors]\n"
)


class Application:
    """What Prometheus scrapes: so many failed requests of a hundred."""

    def __init__(self) -> None:
        self.failed: float = 0
        application = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = f"checkout_failed {application.failed}\ncheckout_requests 100\n".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)

    @contextmanager
    def serving(self) -> Iterator[str]:
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{self.server.server_port}"
        finally:
            self.server.shutdown()
            self.server.server_close()
            thread.join()


class Watched(Rolling):
    """The banner's rollout, which an application's Prometheus watches."""

    url = ""
    program = ""

    def look(self) -> dict[str, Any]:
        """What a pipeline does every few minutes."""
        words = ("flags", "rollout", "run", "--once", "--json", "--prometheus", self.url)
        done = self._run(*words, "--url", self.server.url)
        assert done.exit_code in (0, 3), done.stderr
        (row,) = json.loads(done.stdout)
        return dict(row)

    @contextmanager
    def watched(self, application: Application) -> Iterator[Prometheus]:
        home = self._home / "prometheus"
        home.mkdir()
        with (
            application.serving() as address,
            watching(self.program, home, RULES, {"app": address}, seconds=1) as prometheus,
        ):
            self.url = str(prometheus.client.base_url)
            eventually(lambda: prometheus.ask("checkout_error_ratio"))
            yield prometheus

    def until(self, share: float) -> None:
        eventually(lambda: self.look()["share"] == share)


@pytest.fixture
def rolling(server: Project, run: Run, tmp_path: Path, program: Callable[[str, str], str]) -> Watched:
    made = Watched(server, run, tmp_path)
    made.program = program("prometheus", "prometheus")
    done = made.apply(CATALOGUE)
    assert done.exit_code == 0, done.stderr
    return made


def test_while_all_is_well_it_comes_to_its_end(rolling: Watched) -> None:
    seen: list[float] = []
    with rolling.watched(Application()):

        def is_done() -> bool:
            row = rolling.look()
            seen.append(row["share"])
            return bool(row["stage"] == "done")

        eventually(is_done)
    assert sorted(set(seen)) == [5, 50, 100]
    assert seen == sorted(seen)


def test_when_it_breaks_it_is_one_step_back_at_the_next_look_and_stays_there(rolling: Watched) -> None:
    application = Application()
    with rolling.watched(application) as prometheus:
        rolling.until(50)
        application.failed = 40
        eventually(lambda: [item for item in prometheus.ask("checkout_error_ratio") if float(item["value"][1]) > 0.3])
        row = rolling.look()
        assert (row["share"], row["stage"], row["action"]) == (5, "paused", "lower")
        assert "checkout-errors is broken: is 0.4, allowed are at most 0.01" in row["why"]
        # With the measured value, in Flagsmith's own history.
        assert "is 0.4, allowed are at most 0.01" in rolling.segment()["description"]
        application.failed = 0
        eventually(lambda: [item for item in prometheus.ask("checkout_error_ratio") if float(item["value"][1]) == 0])
        assert rolling.look()["share"] == 5
    planned = rolling.ff("plan")
    assert planned.exit_code == 0, planned.stdout


def test_with_prometheus_stopped_in_the_middle_nothing_rises(rolling: Watched) -> None:
    with rolling.watched(Application()):
        rolling.until(5)
    rolling.pass_by(1)
    first, second = rolling.look(), rolling.look()
    assert (first["share"], first["why"]) == (5, "Prometheus does not answer")
    assert (second["share"], second["action"]) == (5, "wait")
    assert "checkout-errors: Prometheus" in second["why"]
    assert "since 2" in second["why"]
    assert FLAG in second["rollout"]
