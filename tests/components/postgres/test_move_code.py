"""What the operator's import would run as a superuser is named before a move, and what it would not is no hindrance."""

from pathlib import Path

import pytest

from tests.components.postgres.conftest import Roles, succeeded
from tests.components.postgres.moving import PLAIN, Move
from tests.components.postgres.prepared import Prepared
from tests.components.postgres.test_cluster_roles import ClusterRoles
from tests.servers import Postgres

LAWFUL = (
    "CREATE FUNCTION own(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0'",
    "CREATE FUNCTION same(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0'",
    "CREATE FUNCTION number(mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'",
    # What the application makes lawfully: expressions that do no more than compute.
    (
        "CREATE TABLE lawful (id int CHECK (id > 0), name text CHECK (lower(name) = name),"
        " sum int GENERATED ALWAYS AS (id + 1) STORED, at timestamptz DEFAULT now())"
    ),
    "CREATE INDEX lawful_upper ON lawful (upper(name)) WHERE id BETWEEN 1 AND 9",
)


def moving(roles: Roles) -> Move:
    """The Jobs of a move; the other server is not asked."""
    return Move(roles.home, roles, ClusterRoles(roles.home, roles.server))


def lawful(roles: Roles) -> None:
    """Flagsmith's tables, and what is no hindrance."""
    roles.server.query(PLAIN)
    succeeded(roles.make())
    for statement in LAWFUL:
        roles.server.query(statement)
    assert moving(roles).found("look")["code"] == []


@pytest.fixture(scope="module")
def prepared(server: Postgres) -> Prepared:
    return Prepared(server, lawful)


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        ("CREATE TABLE t (id int CHECK (own(id)))", "constraint t_id_check"),
        ("CREATE DOMAIN small AS int CHECK (own(VALUE))", "constraint small_check"),
        ("CREATE TABLE t (id int); CREATE INDEX i ON t (own(id))", "index public.i"),
        ("CREATE TABLE t (id int); CREATE INDEX i ON t (id) WHERE own(id)", "index public.i"),
        ("CREATE TABLE t (id int, b boolean GENERATED ALWAYS AS (own(id)) STORED)", "column public.t.b"),
        ("CREATE MATERIALIZED VIEW m AS SELECT own(1)", "view public.m"),
        ("CREATE VIEW v AS SELECT own(1); CREATE MATERIALIZED VIEW m AS SELECT * FROM v", "view public.v"),
        ("CREATE TABLE t (id int, o int); CREATE STATISTICS s ON (own(id)), o FROM t", "statistics s"),
        ("CREATE TABLE t (id int) PARTITION BY LIST (own(id))", "partitions of public.t"),
        (
            (
                "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = same);"
                "CREATE TABLE t (id int CHECK (id === 1))"
            ),
            "constraint t_id_check",
        ),
        (
            "CREATE CAST (mood AS int) WITH FUNCTION number(mood); CREATE TABLE t (m mood CHECK (m::int > 0))",
            "constraint t_m_check",
        ),
        # PostgreSQL's own run what they are told, or write files, for a superuser.
        ("CREATE TABLE t (id int CHECK (query_to_xml('SELECT own(1)', true, true, '') IS NOT NULL))", "constraint t_"),
        ("CREATE TABLE t (id oid CHECK (lo_export(id, '/tmp/x') > 0))", "constraint t_id_check"),
    ],
    ids=lambda value: value if " " not in value else value[:60],
)
def test_what_a_restore_would_run_as_a_superuser_is_named(
    prepared: Prepared, tmp_path: Path, statements: str, named: str
) -> None:
    roles = prepared.begin(tmp_path)
    for statement in statements.split(";"):
        roles.server.query(statement)
    (found,) = moving(roles).found("look")["code"]
    assert found.startswith(named)
