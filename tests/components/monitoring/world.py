"""A PostgreSQL with what Flagsmith writes, our own exporters as their containers run them, and a Prometheus."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from components.flag_metrics.flag_metrics import SCRIPTS as FLAG_METRICS
from flagops.trust import authorities
from tests.components.audit.collector import TAKEN, Collector, Exporters
from tests.components.audit.log import RECORDED, ROLE, Log, write
from tests.components.flag_metrics.conftest import CONTENT, GRANTS, PASSWORD, SCHEMA
from tests.components.monitoring.prometheus import Prometheus, Rule, fires_by_promtool, watching
from tests.in_pod import SHARED
from tests.servers import LOOPBACK, Postgres, free_port, running_postgres

READER = "flagsmith_analytics"
FLAGS = "flags"  # its own database: the audit log's schema is a recorded one, and has no tasks


@dataclass
class World:
    """What a test breaks, and what it looks at."""

    postgres: Postgres
    log: Log
    collector: Collector
    audit: Exporters
    flag_metrics: "subprocess.Popen[str]"
    flag_metrics_port: int
    prometheus: Prometheus
    promtool: str
    rules: list[Rule]

    def flags(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement in the database of the flag metrics."""
        return self.postgres.query(statement, FLAGS)

    def add(self, age: str = "0 s") -> int:
        """An entry of the audit log that was written so long ago; its number."""
        connection = self.log.connect()
        number = write(connection)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE audit_auditlog SET created_date = now() - %s::interval WHERE id = %s", (age, number))
        connection.commit()
        connection.close()
        return number

    def forbid(self, role: str) -> None:
        """Somebody takes a role's right to log in, and the connections that it has end."""
        self.postgres.query(f"ALTER ROLE {role} NOLOGIN")
        self.postgres.query(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'")  # noqa: S608

    def mend(self) -> None:
        """All is well again."""
        for process in (self.flag_metrics, *self.audit.running):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
        self.postgres.start()
        self.collector.answer = lambda _: TAKEN
        for role in (READER, ROLE):
            self.postgres.query(f"ALTER ROLE {role} LOGIN")

    def scrapes(self) -> dict[str, str]:
        """What the exporters say now, by component; one that says nothing is left out."""
        found = {}
        for component, port in (("flag-metrics", self.flag_metrics_port), ("audit-exporter", self.audit.port)):
            try:
                url = f"http://{LOOPBACK}:{port}/metrics"
                found[component] = httpx.get(url, timeout=2, trust_env=False, verify=authorities()).text
            except httpx.TransportError:
                continue
        return found

    def fires_by_promtool(self, place: Path) -> set[str]:
        """Which rules fire when what the exporters say now stays so."""
        return fires_by_promtool(self.promtool, place, self.rules, self.scrapes())


@contextmanager
def made(home: Path, prometheus: str, promtool: str, rules: list[Rule]) -> Iterator[World]:
    """All of it, running."""
    with ExitStack() as stack:
        server = stack.enter_context(running_postgres(home, PASSWORD))
        server.query(f"CREATE ROLE {READER} LOGIN PASSWORD '{PASSWORD}'")
        server.query(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
        server.query(f"CREATE DATABASE {FLAGS}", "postgres")
        server.query(SCHEMA + CONTENT, FLAGS)
        server.query(GRANTS, FLAGS)
        server.query(RECORDED.read_text(encoding="utf-8"))
        server.query("SELECT setval(pg_get_serial_sequence('audit_auditlog', 'id'), max(id)) FROM audit_auditlog")
        log = Log(server)
        log.grant()
        collector = Collector(home)
        stack.callback(collector.stop)
        audit = Exporters(log, home)
        stack.callback(audit.stop)
        audit.to(collector)
        port = free_port()
        settings = {
            "DATABASE_URL": f"postgresql://{READER}:{PASSWORD}@{LOOPBACK}:{server.port}/{FLAGS}",
            "INTERVAL_SECONDS": "1",
            "SAMPLE": "0",
            "PORT": str(port),
        }
        flag_metrics = subprocess.Popen(
            [sys.executable, FLAG_METRICS[0].parent / "flag_metrics.py"],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": SHARED, "PYTHONDONTWRITEBYTECODE": "1", **settings},
            stdout=subprocess.DEVNULL,
            text=True,
        )
        stack.callback(flag_metrics.wait, timeout=30)
        stack.callback(flag_metrics.kill)
        targets = {"flag-metrics": f"{LOOPBACK}:{port}", "audit-exporter": f"{LOOPBACK}:{audit.port}"}
        watched = stack.enter_context(watching(prometheus, home, rules, targets, seconds=1))
        yield World(server, log, collector, audit, flag_metrics, port, watched, promtool, rules)
