# A function that makes `flagsmith` the owner of the database and of all in its schema; read by the scripts beside this one.
#
# REASSIGN OWNED cannot take from the server's first superuser, so every object is named. Each is changed by itself, so
# that no more than one table is locked, and only if it has another owner: a second run changes nothing.
own_everything() {
    # Its owner may have closed it to everybody.
    on_server --set=database="$PGDATABASE" <<'SQL'
SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS true', datname) FROM pg_database
    WHERE datname = :'database' AND NOT datallowconn \gexec
SQL
    in_database --output=/dev/null <<'SQL'
SET lock_timeout = '15s';
SET client_min_messages = warning;
SELECT pg_catalog.format('ALTER DATABASE %I OWNER TO flagsmith', datname) FROM pg_catalog.pg_database
    WHERE datname = pg_catalog.current_database() AND datdba <> 'flagsmith'::regrole \gexec
SELECT 'ALTER SCHEMA public OWNER TO flagsmith' FROM pg_catalog.pg_namespace
    WHERE nspname = 'public' AND nspowner <> 'flagsmith'::regrole \gexec
SELECT pg_catalog.format('ALTER %s %s OWNER TO flagsmith', CASE c.relkind WHEN 'v' THEN 'VIEW'
        WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END,
        c.oid::regclass)
    FROM pg_catalog.pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    AND c.relowner <> 'flagsmith'::regrole
    -- A sequence that belongs to a column follows its table.
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
        AND (d.deptype = 'e' OR c.relkind = 'S' AND d.deptype IN ('a', 'i'))) \gexec
SELECT pg_catalog.format('ALTER ROUTINE %s OWNER TO flagsmith', p.oid::regprocedure) FROM pg_catalog.pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.proowner <> 'flagsmith'::regrole
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
        AND d.deptype = 'e') \gexec
SELECT pg_catalog.format('ALTER TYPE %s OWNER TO flagsmith', t.oid::regtype)
    FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
    WHERE t.typnamespace = 'public'::regnamespace AND t.typowner <> 'flagsmith'::regrole
    AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid
        AND d.deptype = 'e') \gexec
SELECT pg_catalog.format('ALTER STATISTICS public.%I OWNER TO flagsmith', stxname) FROM pg_catalog.pg_statistic_ext
    WHERE stxnamespace = 'public'::regnamespace AND stxowner <> 'flagsmith'::regrole \gexec
SQL
}
