"""What runs "in" the simulated cluster's containers: programs and servers of this machine, as kwok is told.

A command in a container of Flagsmith's runs here, with the connections to a real PostgreSQL and a real Redis in its
environment and a small Django project as its directory; a forwarded port is a server's port here; a log is a file here.
"""

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from components.flagsmith.caches import CACHES
from tests.postgres_programs import find_postgres
from tests.servers import LOOPBACK, Postgres, Redis, free_port

NAMESPACE = "feature-flags"
GRAFANA_NAMESPACE = "observability"
EDGE_NAMESPACE = "edge-alone"
CLUSTERS_NAMESPACE = "data-tier"
DJANGO = Path(__file__).parent / "doubles" / "django"
PASSWORD = "only-for-tests"
SERVERS = ("flagsmith", "task-processor", "postgres", "redis")
LOGS = (
    *SERVERS,
    "roles",
    "migrate",
    "grants",
    "retire",
    "bootstrap",
    "pg-dump",
    "store",
    "list",
    "download",
    "extract",
    "live",
    "restore",
    "drill",
    "audit",
    "edge-proxy",
)


@dataclass
class Containers:
    """The servers, started by the tests that need them, and the files that stand for the containers' logs."""

    home: Path
    postgres: Postgres = field(init=False)
    redis: Redis = field(init=False)
    api_port: int = field(default_factory=free_port)
    grafana_port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.postgres = Postgres(self.home / "postgres", free_port(), PASSWORD)
        self.redis = Redis(self.home / "redis", free_port(), PASSWORD)
        self._programs.mkdir(parents=True)
        self.volume.mkdir()
        python = self._programs / "python"
        start = f'[ ! -e "{self.altered}" ] || . "{self.altered}"\nexec "{sys.executable}" "$@"\n'
        python.write_text(f"#!/bin/sh\n{start}", encoding="utf-8")
        python.chmod(0o755)
        for name in LOGS:
            self.log(name).write_text("", encoding="utf-8")

    @property
    def _programs(self) -> Path:
        return self.home / "programs"

    @property
    def volume(self) -> Path:
        """The volume of PostgreSQL's pod, as far as commands in it see one."""
        return self.home / "volume"

    @property
    def altered(self) -> Path:
        """The file of variables that a test sets over those of Flagsmith's containers."""
        return self.home / "altered.sh"

    def alter(self, **variables: str) -> None:
        """Let Flagsmith's containers see other variables than they do; none for those they should see."""
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
        self.altered.write_text("".join(lines), encoding="utf-8")

    @property
    def path(self) -> str:
        """Where commands in containers are looked for."""
        directories = (self._programs, find_postgres(), os.environ.get("PATH", os.defpath))
        return ":".join(str(directory) for directory in directories if directory)

    def log(self, container: str) -> Path:
        """The file that is a container's log."""
        return self.home / f"{container}.log"

    def write_log(self, container: str, *lines: str) -> None:
        """What the container has printed so far."""
        text = "".join(f"2026-01-01T00:00:00.000000000Z stdout F {line}\n" for line in lines)
        self.log(container).write_text(text, encoding="utf-8")

    def configuration(self) -> Path:
        """The file that tells kwok all this."""
        path = self.home / "containers.yaml"
        documents = (self._commands(), self._servers_commands(), self._ports(), self._logs())
        path.write_text("---\n".join(yaml.safe_dump(document) for document in documents), encoding="utf-8")
        return path

    def stop(self) -> None:
        self.postgres.stop()
        self.redis.stop()

    def _environment(self) -> dict[str, str]:
        shared = [cache for cache in CACHES.values() if cache.database is not None]
        locations = {cache.location: self.redis.url(cache.database or 0) for cache in shared}
        return {
            "DATABASE_URL": self.postgres.url(),
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "PYTHONDONTWRITEBYTECODE": "1",
            **locations,
        }

    def _commands(self) -> dict[str, Any]:
        def local(environment: dict[str, str], directory: Path) -> dict[str, Any]:
            envs = [{"name": name, "value": value} for name, value in environment.items()]
            return {"envs": envs, "workDir": str(directory)}

        server = {"PGHOST": LOOPBACK, "PGPORT": str(self.postgres.port), "PGPASSWORD": self.postgres.password}
        server["DATA_VOLUME"] = str(self.volume)
        execs = [
            {"containers": ["flagsmith", "task-processor"], "local": local(self._environment(), DJANGO)},
            {"containers": ["postgres"], "local": local(server, self.home)},
        ]
        return _rule("ClusterExec", {"execs": execs})

    def _servers_commands(self) -> dict[str, Any]:
        """Those in servers of CloudNativePG, in which no PostgreSQL runs."""
        nowhere = [{"name": "PGHOST", "value": str(self.home)}]
        return _rule(
            "ClusterExec", {"execs": [{"containers": ["postgres"], "local": {"envs": nowhere}}]}, (CLUSTERS_NAMESPACE,)
        )

    def _ports(self) -> dict[str, Any]:
        ports = {8000: self.api_port, 5432: self.postgres.port, 6379: self.redis.port, 3000: self.grafana_port}
        forwards = [{"ports": [port], "target": {"address": LOOPBACK, "port": local}} for port, local in ports.items()]
        return _rule("ClusterPortForward", {"forwards": forwards})

    def _logs(self) -> dict[str, Any]:
        logs = [{"containers": [name], "logsFile": str(self.log(name))} for name in LOGS]
        return _rule("ClusterLogs", {"logs": logs})


def _rule(
    kind: str, spec: dict[str, Any], namespaces: Sequence[str] = (NAMESPACE, GRAFANA_NAMESPACE, EDGE_NAMESPACE)
) -> dict[str, Any]:
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": f"containers-{namespaces[0]}"},
        "spec": {"selector": {"matchNamespaces": [*namespaces]}, **spec},
    }
