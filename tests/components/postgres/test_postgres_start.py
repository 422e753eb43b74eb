"""The start of the embedded PostgreSQL, on a real one: a renewed password counts, another major's data stops it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.postgres.postgres_server import PASSWORD, Server, first_data, server_in, sql
from tests.postgres_programs import DEFAULT, as_user, majors
from tests.servers import copy_all

MAJOR = DEFAULT if DEFAULT in majors() else majors()[-1]


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Server]:
    """A pod with an empty volume."""
    with server_in(tmp_path, MAJOR) as made:
        yield made


@pytest.fixture
def server(empty: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A pod with the volume of one that has ended."""
    copy_all(first_data(tmp_path_factory.mktemp("first-start"), MAJOR), empty.volume / "pgdata")
    return empty


def test_an_empty_volume_gets_a_database_with_the_password(empty: Server) -> None:
    empty.start()
    assert empty.accepts(PASSWORD)
    assert not empty.log_in("another")


def by_socket(server: Server, system: str, role: str) -> subprocess.CompletedProcess[str]:
    command = ["psql", "-h", str(server.home), "-p", str(server.port), "-U", role, "--no-password", "-d", "flagsmith"]
    command += ["-tAc", "SELECT session_user"]
    return subprocess.run(
        as_user(system, *command), env=server.environment, capture_output=True, text=True, check=False
    )


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
    renewed = 'zebra\'s \\ "crossing"'
    server.set_password(renewed)
    server.start()
    assert server.accepts(renewed)
    assert not server.log_in(PASSWORD)
    assert "zebra" not in server.stop()


def test_a_volume_whose_files_the_group_may_write_is_closed_again_before_the_server_looks(server: Server) -> None:
    # As the kubelet leaves it when it walks a volume for the pod's fsGroup.
    for path in (server.volume).rglob("*"):
        path.chmod(path.stat().st_mode | (0o2070 if path.is_dir() else 0o060))
    server.start()
    assert server.accepts(PASSWORD)
    assert (server.volume / "pgdata").stat().st_mode & 0o777 == 0o700
    server.stop()


def test_the_data_of_another_major_stops_the_start_and_is_left_alone(server: Server) -> None:
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


# As an image of another Debian would find it: what sorts a database's text has another version than when it was made.
SORTED = """
    CREATE DATABASE sorted TEMPLATE template0 LOCALE 'en_US.utf8' ENCODING 'UTF8';
    CREATE DATABASE "Sorted Too" TEMPLATE template0 LOCALE 'en_US.utf8' ENCODING 'UTF8'
"""
VERSIONS = (
    "SELECT datcollversion = pg_database_collation_actual_version(oid) FROM pg_database WHERE datname ILIKE 'sorted%'"
)


@pytest.fixture
def languages(server: Server) -> Server:
    """The server, on a system with a language, as the image is: PostgreSQL notes no version of `C` and `C.UTF-8`."""
    (found,) = (path for path in Path("/usr/lib/locale").iterdir() if path.name.lower() in ("c.utf8", "c.utf-8"))
    for name in ("en_US.utf8", "C.utf8"):
        shutil.copytree(found, server.home / "locales" / name)
    return server


def made_elsewhere(server: Server) -> str:
    """The volume of a server whose text was sorted by another version; the one that sorts it now."""
    server.start()
    assert server.accepts(PASSWORD)
    for statement in SORTED.split(";"):
        sql(server, statement)
    sql(server, "CREATE TABLE names (name text PRIMARY KEY); INSERT INTO names VALUES ('a'), ('B')", database="sorted")
    now = sql(server, "SELECT datcollversion FROM pg_database WHERE datname = 'sorted'")
    sql(server, "UPDATE pg_database SET datcollversion = '0.1' WHERE datname ILIKE 'sorted%'")
    server.stop()
    return now


@pytest.mark.parametrize("stated", ["", "0.1"])
def test_an_image_that_sorts_text_otherwise_is_refused_with_the_way_on(languages: Server, stated: str) -> None:
    server, now = languages, made_elsewhere(languages)
    server.reindex_for = stated
    server.start()
    assert server.process is not None
    assert server.process.wait(60) == 1
    printed = server.stop()
    assert f"was sorted by version 0.1 of the C library, and this image has {now}" in printed
    assert f'set postgres.reindexFor to "{now}"' in printed


def test_with_the_version_stated_all_indexes_are_made_anew_and_only_once(languages: Server) -> None:
    server = languages
    server.reindex_for = now = made_elsewhere(server)
    server.start()
    assert server.accepts(PASSWORD)
    assert sql(server, VERSIONS) == "t\nt"
    assert sql(server, "SELECT count(*) FROM names WHERE name = 'B'", database="sorted") == "1"
    printed = server.stop()
    assert f"Making the indexes of sorted anew, for version {now}" in printed
    assert "Making the indexes of Sorted Too anew" in printed
    server.start()
    assert server.accepts(PASSWORD)
    assert "Making the indexes" not in server.stop()


def test_an_index_that_cannot_be_made_leaves_the_version_as_it_was(languages: Server) -> None:
    server = languages
    server.start()
    assert server.accepts(PASSWORD)
    sql(server, SORTED.split(";")[0])
    # What two rows that sort alike would do.
    sql(server, "CREATE FUNCTION one(text) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'", database="sorted")
    sql(server, "CREATE TABLE names (name text); CREATE UNIQUE INDEX ON names (one(name))", database="sorted")
    sql(server, "INSERT INTO names VALUES ('a')", database="sorted")
    sql(
        server,
        "CREATE OR REPLACE FUNCTION one(text) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1/0'",
        database="sorted",
    )
    server.reindex_for = sql(server, "SELECT datcollversion FROM pg_database WHERE datname = 'sorted'")
    sql(server, "UPDATE pg_database SET datcollversion = '0.1' WHERE datname = 'sorted'")
    server.stop()
    for _ in range(2):
        server.start()
        assert server.process is not None
        assert server.process.wait(60) != 0
        assert "division by zero" in server.stop()
