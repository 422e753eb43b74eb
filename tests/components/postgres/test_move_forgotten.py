"""What `ff db move --forget` deletes at the embedded server, by its script in the server's container."""

from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from flagops.commands.db.move.servers import BEFORE, DROP_BEFORE
from tests.components.postgres.conftest import succeeded
from tests.components.postgres.test_move_certificate import run, server
from tests.servers import Postgres

__all__ = ["server"]


def test_only_the_database_of_before_goes_also_where_somebody_is_in_it(server: Postgres, tmp_path: Path) -> None:
    script = tmp_path / "drop.sh"
    script.write_text(DROP_BEFORE, encoding="utf-8")
    server.query(f"CREATE DATABASE {BEFORE}", "postgres")
    server.query("CREATE TABLE kept (id int)")
    with closing(psycopg2.connect(server.url(BEFORE))) as within:
        succeeded(run(server, script))
        with pytest.raises(psycopg2.OperationalError):
            within.cursor().execute("SELECT 1")
    assert (BEFORE,) not in server.query("SELECT datname FROM pg_database", "postgres")
    assert server.query("SELECT count(*) FROM kept") == [(0,)]
    # A run that was killed is run again.
    succeeded(run(server, script))
