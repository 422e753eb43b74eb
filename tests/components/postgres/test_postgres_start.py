"""The start of the embedded PostgreSQL, on a real one: a renewed password counts, another major's data stops it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.postgres.postgres_server import PASSWORD, Server, server_in, sql
from tests.postgres_programs import DEFAULT, majors


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with server_in(tmp_path, DEFAULT if DEFAULT in majors() else majors()[-1]) as made:
        yield made


def test_an_empty_volume_gets_a_database_with_the_password(server: Server) -> None:
    server.start()
    assert server.accepts(PASSWORD)
    assert not server.log_in("another")


def by_socket(server: Server, system: str, role: str) -> subprocess.CompletedProcess[str]:
    command = ["psql", "-h", str(server.home), "-p", str(server.port), "-U", role, "--no-password", "-d", "flagsmith"]
    command += ["-tAc", "SELECT session_user"]
    return subprocess.run(command, env=server.environment, user=system, capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only a superuser can be several users")
def test_the_socket_lets_a_pods_own_users_in_without_a_password_and_nobody_else(server: Server) -> None:
    server.start()
    assert server.accepts(PASSWORD)
    sql(
        server,
        "CREATE ROLE flagsmith_metrics LOGIN; CREATE ROLE flagsmith_operator LOGIN; CREATE ROLE flagsmith_a LOGIN",
    )
    assert by_socket(server, "postgres", "postgres").stdout.strip() == "postgres"
    assert by_socket(server, "postgres", "flagsmith_operator").stdout.strip() == "flagsmith_operator"
    assert by_socket(server, "nobody", "flagsmith_metrics").stdout.strip() == "flagsmith_metrics"
    for system, role in (("nobody", "postgres"), ("nobody", "flagsmith_a"), ("postgres", "flagsmith_a")):
        refused = by_socket(server, system, role)
        assert refused.returncode != 0
        assert "Peer authentication failed" in refused.stderr


def test_a_renewed_password_counts_after_a_restart_and_is_in_no_log(server: Server) -> None:
    server.start()
    assert server.accepts(PASSWORD)
    server.stop()

    renewed = 'zebra\'s \\ "crossing"'
    server.set_password(renewed)
    server.start()
    assert server.accepts(renewed)
    assert not server.log_in(PASSWORD)
    assert "zebra" not in server.stop()


def test_a_volume_whose_files_the_group_may_write_is_closed_again_before_the_server_looks(server: Server) -> None:
    server.start()
    assert server.accepts(PASSWORD)
    server.stop()

    # As the kubelet leaves it when it walks a volume for the pod's fsGroup.
    for path in (server.volume).rglob("*"):
        path.chmod(path.stat().st_mode | (0o2070 if path.is_dir() else 0o060))
    server.start()
    assert server.accepts(PASSWORD)
    assert (server.volume / "pgdata").stat().st_mode & 0o777 == 0o700
    server.stop()


def test_the_data_of_another_major_stops_the_start_and_is_left_alone(server: Server) -> None:
    server.start()
    assert server.accepts(PASSWORD)
    server.stop()
    data = server.volume / "pgdata"
    before = sorted(data.rglob("*"))

    server.major = str(int(server.major) + 1)
    server.start()
    assert server.process is not None
    printed, _ = server.process.communicate(timeout=20)
    assert server.process.returncode == 1
    assert f"holds the data of PostgreSQL {int(server.major) - 1}" in printed
    assert "`ff db upgrade` moves to another major version" in printed
    assert sorted(data.rglob("*")) == before
