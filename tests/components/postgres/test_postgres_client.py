"""Who talks to PostgreSQL gives up in time: the time-outs are everywhere, reach the connection, and bound the wait."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from components.flagsmith.pod import WAIT_SCRIPT
from components.kit.postgres_client import DIRECTORY, FILE, SERVICE, TEXT
from tests.recording import STACKS, Recording, all_containers, pod_templates, record, recorded
from tests.servers import LOOPBACK, Postgres, free_port, running_postgres

PASSWORD = "only-for-tests"
EXTERNAL = {"postgres": {"mode": "external", "existingSecret": "elsewhere"}, "monitoring": {"enabled": True}}
# Written in Go, on a library that panics when it finds either of the two variables.
WITHOUT_LIBPQ = {"postgres-exporter"}


def stacks() -> Iterator[Recording]:
    yield from (recorded(name) for name in STACKS)
    yield record("production", EXTERNAL)


def connecting() -> Iterator[tuple[Recording, str, dict[str, Any], dict[str, Any]]]:
    """Every container that is told where PostgreSQL is, with its pod."""
    for recording in stacks():
        for name, template in pod_templates(recording):
            for item in all_containers(template):
                if {"DATABASE_URL", "PGHOST", "DATA_SOURCE_NAME"} & {entry["name"] for entry in item.get("env", [])}:
                    yield recording, f"{name} {item['name']}", template, item


def test_every_container_that_connects_has_the_time_outs_and_the_file_they_are_in() -> None:
    seen = set()
    for recording, name, template, item in connecting():
        if item["name"] in WITHOUT_LIBPQ:
            assert not {"PGSERVICE", "PGSERVICEFILE"} & {entry["name"] for entry in item["env"]}, name
            continue
        seen.add(name.split()[0].split("-")[1] if "-" in name.split()[0] else name.split()[0])
        env = {entry["name"]: entry.get("value") for entry in item["env"]}
        assert env["PGSERVICE"] == SERVICE, name
        assert env["PGSERVICEFILE"] == f"{DIRECTORY}/{FILE}", name
        assert "PGCONNECT_TIMEOUT" not in env, f"{name}: the file's counts"
        (mount,) = (entry for entry in item["volumeMounts"] if entry["mountPath"] == DIRECTORY)
        (volume,) = (entry for entry in template["spec"]["volumes"] if entry["name"] == mount["name"])
        assert recording.one("ConfigMap", volume["configMap"]["name"])["data"] == {FILE: TEXT}, name
    assert len(seen) >= 8


def test_the_file_is_there_before_whoever_mounts_it() -> None:
    for recording in stacks():
        for item in recording.program.objects:
            if item.ref.kind in ("Deployment", "Job", "CronJob") and DIRECTORY in str(item.manifest):
                before = recording.needed_by(item)
                assert any(name.startswith("ConfigMap/flagsmith-postgres-client-") for name in before), item.ref


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with running_postgres(tmp_path_factory.mktemp("client-server"), PASSWORD) as made:
        yield made


@pytest.fixture
def time_outs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The container's variables, for libpq in this process and in those it starts."""
    (tmp_path / FILE).write_text(TEXT, encoding="utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / FILE))
    monkeypatch.setenv("PGSERVICE", SERVICE)


def options(connection: "psycopg2.extensions.connection") -> tuple[int, ...]:
    names = ("TCP_USER_TIMEOUT", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT")
    with socket.socket(fileno=socket.dup(connection.fileno())) as copy:
        assert copy.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        return tuple(copy.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in names)


@pytest.mark.usefixtures("time_outs")
def test_the_time_outs_reach_the_socket_of_a_connection_by_url(server: Postgres) -> None:
    connection = psycopg2.connect(server.url())
    assert options(connection) == (2000, 2, 1, 2)
    assert connection.info.dsn_parameters["connect_timeout"] == "2"
    connection.close()


@pytest.mark.usefixtures("time_outs")
def test_what_a_url_says_itself_counts(server: Postgres) -> None:
    connection = psycopg2.connect(f"{server.url()}?tcp_user_timeout=9000&connect_timeout=7")
    assert options(connection) == (9000, 2, 1, 2)
    assert connection.info.dsn_parameters["connect_timeout"] == "7"
    connection.close()


@contextmanager
def swallowing() -> Iterator[int]:
    """A port whose queue is full: what asks for a connection gets no answer, as behind a node that is gone."""
    with socket.socket() as listening:
        listening.bind((LOOPBACK, 0))
        listening.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for item in waiting:
            item.setblocking(False)
            item.connect_ex(listening.getsockname())
        try:
            yield int(listening.getsockname()[1])
        finally:
            for item in waiting:
                item.close()


@pytest.mark.usefixtures("time_outs")
def test_a_server_that_does_not_answer_costs_two_seconds() -> None:
    with swallowing() as port:
        began = time.monotonic()
        with pytest.raises(psycopg2.OperationalError, match=r"time(d )?out"):
            psycopg2.connect(f"postgresql://flagsmith:secret@{LOOPBACK}:{port}/flagsmith")
        assert 1 < time.monotonic() - began < 4


def waiting_for(url: str, seconds: float, *command: str) -> "subprocess.Popen[str]":
    """The start of a Flagsmith container, with another command to hand over to."""
    arguments = [sys.executable, "-c", WAIT_SCRIPT.read_text(encoding="utf-8"), *command]
    environment = {"DATABASE_URL": url, "WAIT_SECONDS": str(seconds), "PATH": "/usr/bin:/bin"}
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_container_that_starts_while_postgresql_is_away_waits_and_goes_on(server: Postgres) -> None:
    server.stop()
    try:
        process = waiting_for(server.url(), 60, "sh", "-c", "echo served $0 $1", "start", "api")
        assert process.stderr is not None
        assert process.stderr.readline().startswith("Waiting for PostgreSQL: ")
    finally:
        server.start()
    printed, said = process.communicate(timeout=30)
    assert (process.returncode, printed) == (0, "served start api\n"), said


def test_the_command_is_the_containers_own_process_so_that_it_gets_the_signals(server: Postgres) -> None:
    process = waiting_for(server.url(), 60, "sh", "-c", "echo $$")
    assert process.communicate(timeout=30)[0].strip() == str(process.pid)


def test_a_wait_in_vain_ends_with_the_reason_and_without_the_password() -> None:
    process = waiting_for(f"postgresql://flagsmith:zebra@{LOOPBACK}:{free_port()}/flagsmith", 0.6, "true")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "did not let Flagsmith in within 0.6 s" in said
    assert "refused" in said
    assert "zebra" not in said


def test_a_url_that_libpq_cannot_read_is_left_to_flagsmith() -> None:
    process = waiting_for("postgis://flagsmith:zebra@nowhere/flagsmith", 60, "echo", "served")
    printed, said = process.communicate(timeout=30)
    assert (process.returncode, printed) == (0, "served\n"), said
