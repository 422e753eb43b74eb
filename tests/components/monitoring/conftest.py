"""A PostgreSQL that knows the exporter by its user, and a Redis started as in its pod."""

import os
import pwd
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from components.postgres import access_rules
from tests.components.monitoring.alerts.promtool import rules_of
from tests.components.monitoring.exporters import running, source
from tests.components.monitoring.prometheus import Prometheus, watching
from tests.fixtures_cluster import eventually
from tests.postgres_programs import majors
from tests.recording import container, record
from tests.servers import LOOPBACK, Postgres, free_port

METRICS_PASSWORD = """m"e't\\r$HOME`#c x"""
MAIN_PASSWORD = "main"


@pytest.fixture
def exporter_user() -> str:
    """Whom the exporter of PostgreSQL runs as: `nobody`, as in its pod, where that can be chosen."""
    return "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture
def postgres(tmp_path: Path, exporter_user: str) -> Iterator[Postgres]:
    """A PostgreSQL with Flagsmith's database and the role of the exporter, which has no password.

    The oldest one: the exporter is the system's, and one that is older than the server cannot read all of it.
    """
    server = Postgres(tmp_path / "postgres", free_port(), "only-for-tests", major=min(majors()))
    server.start()
    data = server.home / "data"
    for name, text in access_rules.FILES.items():
        (data / name).write_text(text.replace("nobody", exporter_user))
    try:
        server.query("CREATE ROLE flagsmith_metrics LOGIN IN ROLE pg_monitor")
        server.query("SELECT pg_reload_conf()")
        yield server
    finally:
        server.stop()


@dataclass
class MonitoredRedis:
    """A Redis started as in its pod, with a user for the exporter."""

    port: int
    process: subprocess.Popen[bytes]

    def environment(self) -> dict[str, str]:
        """What its exporter gets."""
        return {"REDIS_ADDR": f"redis://{LOOPBACK}:{self.port}", "REDIS_PASSWORD": METRICS_PASSWORD}

    def client(self, user: str | None = None, password: str = MAIN_PASSWORD) -> "redis.Redis":
        return redis.Redis(
            host=LOOPBACK, port=self.port, username=user, password=password, socket_timeout=5, decode_responses=True
        )

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)


@pytest.fixture
def monitored_redis(tmp_path: Path) -> Iterator[MonitoredRedis]:
    pod = container(record("production").one("Deployment", "flagsmith-redis")["spec"]["template"])
    port = free_port()
    arguments = [str(tmp_path) if argument == "/data" else argument for argument in pod["args"]]
    environment = {**os.environ, "REDISCLI_AUTH": MAIN_PASSWORD, "METRICS_PASSWORD": METRICS_PASSWORD}
    command = [*pod["command"], *arguments, "--port", str(port), "--bind", LOOPBACK]
    with (tmp_path / "log").open("ab") as log:
        made = MonitoredRedis(port, subprocess.Popen(command, env=environment, stdout=log, stderr=log))
    try:
        _answers(made)
        yield made
    finally:
        made.stop()


@dataclass
class Watched:
    """A Prometheus that has scraped both exporters, and these, which end when `exporters` is closed."""

    prometheus: Prometheus
    exporters: ExitStack


@pytest.fixture
def watched(
    request: pytest.FixtureRequest,
    postgres: Postgres,
    monitored_redis: MonitoredRedis,
    exporter_user: str,
    program: Callable[[str, str], str],
    tmp_path: Path,
) -> Iterator[Watched]:
    """Both servers, seen as up by the rules of production that the test's module has in WANTED: none of them fires."""
    rules = [rules_of("production")[name] for name in request.module.WANTED]
    with ExitStack() as exporters:
        clients = {
            "database": exporters.enter_context(running("postgres-exporter", source(postgres), exporter_user)),
            "cache": exporters.enter_context(running("redis-exporter", monitored_redis.environment())),
        }
        targets = {name: f"{client.base_url.host}:{client.base_url.port}" for name, client in clients.items()}
        # The exporter tries thrice to reach a server that is away: it needs some seconds to say so.
        with watching(program("prometheus", "prometheus"), tmp_path, rules, targets, seconds=5) as prometheus:

            def both_are_seen_and_nothing_fires() -> bool:
                # Before the first scrape both were missing: the rules, which do not wait here, say so.
                return bool(prometheus.ask("pg_up == 1 and on () redis_up == 1")) and prometheus.firing() == set()

            eventually(both_are_seen_and_nothing_fires, seconds=60)
            yield Watched(prometheus, exporters)


@retry(stop=stop_after_delay(10), wait=wait_fixed(0.05), retry=retry_if_exception_type(redis.RedisError))
def _answers(server: MonitoredRedis) -> None:
    with server.client() as client:
        client.ping()
