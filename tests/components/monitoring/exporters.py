"""Runs the exporters of this machine's packages with the environment that they have in their pods."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.postgres_programs import as_user
from tests.recording import record
from tests.servers import LOOPBACK, Postgres, free_port

PODS = {"postgres-exporter": ("StatefulSet", "flagsmith-postgres"), "redis-exporter": ("Deployment", "flagsmith-redis")}
PACKAGES = {"postgres-exporter": "prometheus-postgres-exporter", "redis-exporter": "prometheus-redis-exporter"}


def sidecar(name: str) -> dict[str, Any]:
    """The container of an exporter in production."""
    kind, pod = PODS[name]
    containers = record("production").one(kind, pod)["spec"]["template"]["spec"]["containers"]
    (found,) = (item for item in containers if item["name"] == name)
    return dict(found)


def source(server: Postgres) -> dict[str, str]:
    """The pod's data source, with the socket and the port of the test's server."""
    (variable,) = (item for item in sidecar("postgres-exporter")["env"] if item["name"] == "DATA_SOURCE_NAME")
    return {
        "DATA_SOURCE_NAME": f"{variable['value'].replace('/var/run/postgresql', str(server.home))} port={server.port}"
    }


@contextmanager
def running(name: str, given: Mapping[str, str], user: str | None = None) -> Iterator[httpx.Client]:
    """The exporter `name` with its pod's variables, those of `given` in place of some, as `user`; a client of it."""
    program = shutil.which(PACKAGES[name])
    if program is None:
        pytest.skip(f"{PACKAGES[name]} is not installed: sudo apt-get install {PACKAGES[name]}")
    variables = {item["name"]: item.get("value", "") for item in sidecar(name).get("env", [])}
    environment = {"PATH": os.environ["PATH"], **variables, **given}
    port = free_port()
    command = [program, f"--web.listen-address={LOOPBACK}:{port}"]
    process = subprocess.Popen(
        as_user(user, *command), env=environment, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with httpx.Client(base_url=f"http://{LOOPBACK}:{port}", trust_env=False, timeout=20) as client:
            _answers(client)
            yield client
    finally:
        process.terminate()
        process.wait(timeout=10)


@retry(stop=stop_after_delay(10), wait=wait_fixed(0.05), retry=retry_if_exception_type(httpx.TransportError))
def _answers(client: httpx.Client) -> None:
    client.get("/").raise_for_status()
