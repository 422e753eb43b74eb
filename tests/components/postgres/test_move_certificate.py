"""The certificate that the embedded server shows for the time of an import, by the scripts in its container."""

import os
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from flagops.commands.db.administrator import as_administrator
from flagops.commands.db.move.servers import HIDE_CERTIFICATE, SHOW_CERTIFICATE
from tests.components.postgres.conftest import succeeded
from tests.postgres_programs import as_postgres, postgres_programs
from tests.servers import LOOPBACK, Postgres, running_postgres


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with running_postgres(tmp_path_factory.mktemp("certified"), "only-for-tests") as made:
        yield made


def run(server: Postgres, script: Path) -> subprocess.CompletedProcess[str]:
    """The script, as `ff db move` runs it in the server's container."""
    env = {
        "PATH": f"{postgres_programs(server.major)}:{os.environ['PATH']}",
        "PGHOST": str(server.home),
        "PGPORT": str(server.port),
        "PGPASSWORD": server.password,
        "PGDATA": str(server.home / "data"),
    }
    return subprocess.run(
        as_postgres(*as_administrator(script.read_text(encoding="utf-8"))),
        env=env,
        cwd=server.home,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def connected(server: Postgres, **options: Any) -> None:
    psycopg2.connect(server.url("postgres"), connect_timeout=5, **options).close()


def test_it_is_shown_without_a_restart_and_checked_by_the_server_s_name(server: Postgres, tmp_path: Path) -> None:
    with pytest.raises(psycopg2.OperationalError, match="does not support SSL"):
        connected(server, sslmode="require")
    before = psycopg2.connect(server.url("postgres"))
    certificate = succeeded(run(server, SHOW_CERTIFICATE))
    assert "PRIVATE KEY" not in certificate
    authority = tmp_path / "ca.crt"
    authority.write_text(certificate, encoding="utf-8")
    # By the name that the Cluster's import asks for; this machine knows the address alone.
    checked = {"sslmode": "verify-full", "sslrootcert": str(authority)}
    connected(server, host="flagsmith-postgres", hostaddr=LOOPBACK, **checked)
    with pytest.raises(psycopg2.OperationalError, match="does not match host name"):
        connected(server, host="another", hostaddr=LOOPBACK, **checked)
    # Nobody was sent away.
    with before.cursor() as cursor:
        cursor.execute("SELECT 1")
    before.close()
    key = server.home / "data" / "move.key"
    assert key.stat().st_mode & 0o077 == 0


def test_a_second_run_keeps_it_since_the_cluster_knows_that_one(server: Postgres) -> None:
    first = succeeded(run(server, SHOW_CERTIFICATE))
    assert succeeded(run(server, SHOW_CERTIFICATE)) == first
    assert ssl.PEM_cert_to_DER_cert(first)


def test_one_that_is_about_to_end_is_made_anew(server: Postgres) -> None:
    first = succeeded(run(server, SHOW_CERTIFICATE))
    data = server.home / "data"
    # A day is asked for: an import may take hours.
    made: list[str | Path] = [
        "openssl",
        "x509",
        "-in",
        data / "move.crt",
        "-signkey",
        data / "move.key",
        "-days",
        "1",
        "-out",
    ]
    subprocess.run(as_postgres(*made, data / "short.crt"), check=True, capture_output=True)
    (data / "short.crt").rename(data / "move.crt")
    assert succeeded(run(server, SHOW_CERTIFICATE)) != first


def test_afterwards_it_is_gone_with_its_key_and_hiding_it_twice_is_no_fault(server: Postgres) -> None:
    succeeded(run(server, SHOW_CERTIFICATE))
    for _ in range(2):
        succeeded(run(server, HIDE_CERTIFICATE))
        assert not list((server.home / "data").glob("move.*"))
    with psycopg2.connect(server.url("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_file_settings WHERE name LIKE 'ssl%' AND applied")
        assert cursor.fetchall() == []


def test_where_it_cannot_be_made_the_server_s_word_is_said_and_it_goes_on(server: Postgres) -> None:
    data = server.home / "data"
    (data / "move.crt").mkdir()
    try:
        done = run(server, SHOW_CERTIFICATE)
    finally:
        (data / "move.crt").rmdir()
    assert done.returncode != 0
    connected(server)
