# Replaces what is in the database that DATABASE_URL names by a fetched backup, whole or not at all.
# Runs as `bash -c` in PostgreSQL's image, after database-url.sh, pipes.sh and read-dump.sh, beside unpack-dump.sh.
set -euo pipefail
# Else a $( ) goes on after a command of it that failed.
shopt -s inherit_errexit

# By this name the roles Jobs know a restore at work, and leave its session alone.
export PGAPPNAME=flagsmith-backup
open_pipe plain reader
# psql takes a line that begins with a backslash for a command of its own, and a dump may have such lines, in names that are
# not what they seem. From these releases on pg_restore tells psql to take none. (`grep -q` would leave before all is written.)
pg_restore --help | grep -e --restrict-key >/dev/null || {
    echo "This $(pg_restore --version) lets a dump run commands in this pod: set postgres.version to 17.6, 18.0 or newer." >&2
    exit 1
}
await_dump
# COMMIT is sent only if pg_restore gave everything; without it the server takes all of it back.
rows=$({
    cat <<'SQL'
BEGIN;
SET LOCAL lock_timeout = '30s';
SET LOCAL statement_timeout = 0;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = pg_catalog, pg_temp;
DO $body$
DECLARE
    found record;
    served timestamptz;
BEGIN
    -- Of a plain table alone: what somebody put in its place, or before its rows, could hold up every restore.
    IF EXISTS (SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.oid = to_regclass('public.environments_environment') AND c.relkind = 'r' AND NOT c.relrowsecurity
        AND a.attname = 'updated_at' AND NOT a.attisdropped AND a.atttypid = 'timestamptz'::regtype) THEN
        EXECUTE 'SELECT max(updated_at) FROM ONLY public.environments_environment' INTO served;
        PERFORM set_config('flagsmith.served', coalesce(served::text, ''), true);
    END IF;
    -- Each list is ordered, and so whole before the first of it is dropped: a name could not be told of what CASCADE took.
    FOR found IN SELECT c.oid::regclass::text AS name, c.relkind FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        -- A sequence that belongs to a column goes with its table.
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
            AND (d.deptype = 'e' OR c.relkind = 'S' AND d.deptype IN ('a', 'i')))
        ORDER BY 1
    LOOP
        EXECUTE format('DROP %s IF EXISTS %s CASCADE', CASE found.relkind WHEN 'v' THEN 'VIEW'
            WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END,
            found.name);
    END LOOP;
    FOR found IN SELECT p.oid::regprocedure::text AS name, p.prokind FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
        ORDER BY 1
    LOOP
        EXECUTE format('DROP %s IF EXISTS %s CASCADE', CASE found.prokind WHEN 'p' THEN 'PROCEDURE'
            WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END, found.name);
    END LOOP;
    FOR found IN SELECT t.oid::regtype::text AS name FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE t.typnamespace = 'public'::regnamespace AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
        ORDER BY 1
    LOOP
        EXECUTE format('DROP TYPE IF EXISTS %s CASCADE', found.name);
    END LOOP;
END $body$;
SQL
    # What follows would be sent after a failure too, and COMMIT with it.
    dumped --file=- || exit 1
    # Before anything is changed, since what was restored may write more by itself, in triggers.
    require_rows
    print_rows
    cat <<'SQL'
-- Who has an environment's document asks for one that is newer than it: of an older date none would ever be. HTTP knows
-- whole seconds, and what was served has dates by another clock than this one.
DO $body$
BEGIN
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('public.environments_environment')
        AND attname = 'updated_at' AND NOT attisdropped) THEN
        UPDATE public.environments_environment SET updated_at = greatest(clock_timestamp(),
            nullif(current_setting('flagsmith.served', true), '')::timestamptz + interval '1 second');
    END IF;
END $body$;
SQL
    echo 'COMMIT;'
} | psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --output=/dev/null "$URL")

printf '{"restored": "%s", "rows": %s}\n' "$(field name)" "$rows"
