"""What is asked of the two databases before one is deleted, by a real PostgreSQL."""

from pathlib import Path

from flagops.commands.db.move.held import TABLES, _estimate, _exactly
from tests.servers import running_postgres


def test_what_the_statistics_do_not_know_is_not_said_to_be_none(tmp_path: Path) -> None:
    with running_postgres(tmp_path, "only-for-tests") as server:
        assert server.query(_estimate()) == [(None,)]
        for table in TABLES.values():
            server.query(f"CREATE TABLE {table} (id int); INSERT INTO {table} SELECT generate_series(1, 30)")
        ((exact,),) = server.query(_exactly())
        assert exact == {**dict.fromkeys(TABLES, 30), "closed": False}
        assert server.query(_estimate()) == [(None,)], "small tables are never looked at by themselves"
        server.query("ANALYZE features_feature; ANALYZE environments_identity")
        assert server.query(_estimate()) == [({"flags": 30, "identities": 30},)]
