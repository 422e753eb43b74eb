"""What counts the rows of a Cluster's tables, as its pod runs it, against a real PostgreSQL."""

import json
from pathlib import Path
from typing import Any

import pytest

from flagops.commands.db.backups.base.counting import ARCHIVED, LIVE, THERE, counter
from tests.components.backup.conftest import Jobs
from tests.components.backup.running import Done, last, succeeded
from tests.components.backup.stores import instead


@pytest.fixture
def asked(jobs: Jobs) -> Jobs:
    jobs.work()
    jobs.environment |= {"DATABASE_URL": jobs.postgres.url(), "PATH": f"{jobs.programs}:/usr/bin:/bin"}
    return jobs


def counted(asked: Jobs, script: str) -> list[str]:
    return succeeded(asked.run(counter(script), asked.environment, None)).stdout.strip().splitlines()


def test_the_place_in_the_log_is_between_two_counts_and_names_its_file(asked: Jobs) -> None:
    before, place, after, *migrations = counted(asked, LIVE)
    rows = json.loads(before)
    assert rows == json.loads(after)
    assert (rows["features"], rows["Odd שם"]) == (502, 2)
    lsn, segment = place.split(" ")
    assert asked.postgres.query(f"SELECT '{lsn}'::pg_lsn <= pg_current_wal_insert_lsn()") == [(True,)]
    assert asked.postgres.query(f"SELECT pg_walfile_name('{lsn}')") == [(segment,)]
    assert [json.loads(line) for line in migrations] == ["features.0001_initial", "features.0002_more"]


def test_another_server_is_counted_alike(asked: Jobs) -> None:
    assert counted(asked, THERE) == [line for index, line in enumerate(counted(asked, LIVE)) if index not in (1, 2)]


def test_a_server_that_archives_nothing_names_no_file(asked: Jobs) -> None:
    assert counted(asked, ARCHIVED) == []


def test_a_database_that_cannot_be_asked_is_no_empty_one(asked: Jobs, tmp_path: Path) -> None:
    asked.environment["DATABASE_URL"] = f"postgresql://somebody@%2F{str(tmp_path).replace('/', '%2F')[3:]}/flagsmith"
    done = asked.run(counter(LIVE), asked.environment, None)
    assert done.returncode != 0
    assert done.stdout == ""


@pytest.mark.parametrize("does", ["drill", "restore"])
def test_rows_are_counted_once(jobs: Jobs, does: str) -> None:
    """It takes as long as reading all tables does."""
    jobs.backup()
    asked_for = jobs.home / "asked"
    real = f'"{jobs.programs}/psql" "$@"'
    seen = f'printf "%s\\n" "$@" >>{asked_for}; tee -a {asked_for} | {real}; exit "${{PIPESTATUS[1]}}"'
    asked_for.touch()
    asked_for.chmod(0o666)
    jobs.environment["PATH"] = instead(jobs, "psql", seen)
    done: Done = getattr(jobs, does)()
    rows: dict[str, Any] = last(succeeded(done))["rows"]
    assert (rows["features"], rows["Odd שם"]) == (502, 2)
    assert asked_for.read_text(encoding="utf-8").count("query_to_xml") == 1
