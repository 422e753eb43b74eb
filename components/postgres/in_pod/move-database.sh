# One step of moving a database from the live server to the one beside it. Runs as `bash -c` in PostgreSQL's image, after
# administrator.sh and cluster-administrator.sh. The last line of its log is its result, in JSON.
#
# STEP is what to do. LIVE_ and BESIDE_ say where each server is: HOST, USER, PASSWORD, PREVIOUS, SSLMODE.
#
# look      says how much is in the live database, and what would not move with it
# stop      lets nobody write into the live database any more, not even who is connected; reading goes on
# allow     takes that back
# back      the same for the one at the host BACK_TO, by default the other one, when Flagsmith goes back to it
# shut      lets nobody write into the one that is not at BACK_TO, before that
# copy      brings it to the server beside, into another database; the operator of a Cluster does so by itself
# compare   compares every table, sequence, large object and definition of both
# swap      gives the copy the database's name, and keeps the old one under another
#
# Nothing that the application has put into its database is run as a superuser: names are looked for in pg_catalog alone,
# rows are read by the output functions of their types, without casts, and what restores is no more than `flagsmith`.
set -euo pipefail
# Else a $( ) goes on after a command of it that failed.
shopt -s inherit_errexit

export PGAPPNAME=flagsmith-move
COPY=flagsmith_moving BEFORE=flagsmith_before_move
at() ( # at LIVE|BESIDE COMMAND...: as the administrator of that server
    side=$1 host=$1_HOST user=$1_USER password=$1_PASSWORD previous=$1_PREVIOUS mode=$1_SSLMODE
    shift
    export PGHOST=${!host} PGUSER=${!user} PASSWORD=${!password} PREVIOUS=${!previous:-} PGSSLMODE=${!mode:-prefer}
    [ "$PGSSLMODE" != prefer ] || unset PGSSLROOTCERT
    log_in >&2
    "$@"
)
# As in_database, in the database NAME of the server.
within() { # within NAME ARGUMENTS...
    keep_settings
    administrator --dbname="$1" "${@:2}"
}

look() {
    within "$PGDATABASE" --single-transaction <<'SQL'
SELECT json_build_object(
    'bytes', pg_database_size(current_database()),
    'version', current_setting('server_version_num')::int / 10000,
    -- Columns that 17.12 has marked (components/text/postgres_marks.py).
    'marked', (SELECT count(*) FROM pg_attribute WHERE attrelid >= 16384 AND attoptions::text LIKE '%pg_attver=%'),
    'stopped', coalesce((SELECT s.setconfig @> '{default_transaction_read_only=on}' FROM pg_db_role_setting s
        JOIN pg_database d ON d.oid = s.setdatabase WHERE s.setrole = 0 AND d.datname = current_database()), false),
    -- What a restore runs by itself: expressions with functions of the application's own, or with such of PostgreSQL's that do
    -- more than compute, such as query_to_xml or lo_export. A function that nothing of that calls is no more than text.
    'code', coalesce((SELECT json_agg(DISTINCT name) FROM (
        SELECT format('event trigger %s', evtname) AS name FROM pg_event_trigger e WHERE oid >= 16384
        UNION ALL SELECT format('server %s', srvname) FROM pg_foreign_server
        UNION ALL SELECT tree.name FROM (
            SELECT format('constraint %s', conname) AS name, conbin::text AS nodes FROM pg_constraint WHERE oid >= 16384
            UNION ALL SELECT format('index %s', indexrelid::regclass), concat_ws(' ', indexprs::text, indpred::text)
                FROM pg_index WHERE indexrelid >= 16384
            UNION ALL SELECT format('column %s.%s', adrelid::regclass, attname), adbin::text FROM pg_attrdef d
                JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE attgenerated <> ''
            UNION ALL SELECT format('view %s', ev_class::regclass), ev_action::text FROM pg_rewrite r WHERE oid >= 16384
                AND EXISTS (SELECT FROM pg_class WHERE relkind = 'm' AND oid >= 16384) AND NOT EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = r.ev_class AND d.deptype = 'e')
            UNION ALL SELECT format('statistics %s', stxname), stxexprs::text FROM pg_statistic_ext
            UNION ALL SELECT format('partitions of %s', partrelid::regclass), partexprs::text FROM pg_partitioned_table
        ) tree, LATERAL (
            SELECT found[1]::oid AS id FROM regexp_matches(nodes, ':(?:funcid|aggfnoid|winfnoid) (\d+)', 'g') found
            UNION SELECT o.oprcode FROM regexp_matches(nodes, ':opno (\d+)', 'g') found JOIN pg_operator o ON o.oid = found[1]::oid
        ) called JOIN pg_proc p ON p.oid = called.id
        WHERE p.provolatile = 'v' OR (p.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend d
            WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
    ) found), '[]'),
    'roles', coalesce((SELECT json_agg(rolname ORDER BY rolname) FROM pg_roles WHERE oid >= 16384
        AND rolname !~ '^flagsmith(_a|_b|_operator|_metrics|_audit|_audit_keys|_analytics|_administrator)?$'
        AND rolname !~ '^(streaming_replica|cnpg_.*)$'), '[]'),
    'settings', coalesce((SELECT json_agg(format('%s%s', coalesce(r.rolname || ': ', ''), c) ORDER BY r.rolname, c)
        FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) c
        WHERE (r.rolname IS NULL OR r.rolname !~ '^flagsmith(_a|_b|_operator|_metrics|_audit|_audit_keys|_analytics)?$')
        AND c <> 'default_transaction_read_only=on'), '[]'),
    'databases', coalesce((SELECT json_agg(datname ORDER BY datname) FROM pg_database WHERE NOT datistemplate
        AND datname NOT IN ('postgres', 'flagsmith_moving', 'flagsmith_before_move', current_database())), '[]'),
    -- What Flagsmith may not read, a dump of its own cannot hold.
    'unreadable', coalesce((SELECT json_agg(name ORDER BY name) FROM (
        SELECT format('large object %s', oid) AS name FROM pg_largeobject_metadata WHERE NOT pg_has_role('flagsmith', lomowner, 'USAGE')
        UNION ALL SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'S') AND n.nspname NOT IN ('information_schema', 'feature_flags_audit')
            AND n.nspname !~ '^pg_' AND NOT (has_schema_privilege('flagsmith', n.oid, 'USAGE') AND
                pg_has_role('flagsmith', c.relowner, 'USAGE'))) found), '[]'),
    'extensions', coalesce((SELECT json_agg(extname ORDER BY extname) FROM pg_extension WHERE extname <> 'plpgsql'), '[]'));
SQL
}

# What is set for a database counts for sessions that begin afterwards. Older ones end between two statements, if that comes
# within ten seconds, and else at once; clients connect again.
end_sessions() {
    local began ends=$((SECONDS + 30)) left
    began=$(on_server --command='SELECT clock_timestamp()')
    while
        left=$(on_server --set=database="$PGDATABASE" --set=began="$began" --set=at_once=$((SECONDS + 20 > ends)) <<'SQL'
SELECT count(*) FILTER (WHERE ended OR NOT ended) FROM (
    SELECT CASE WHEN a.state = 'idle' OR :at_once = 1 THEN pg_terminate_backend(a.pid) ELSE false END AS ended
    FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
    WHERE a.datname = :'database' AND a.backend_type = 'client backend' AND NOT r.rolsuper
    AND a.backend_start < :'began'::timestamptz) found;
SQL
        )
        [ "$left" != 0 ]
    do
        if [ "$SECONDS" -ge "$ends" ]; then
            echo "$left older sessions do not end: \`ff db connections\` shows them." >&2
            return 1
        fi
        sleep 0.2
    done
}
stop() {
    on_server --set=database="$PGDATABASE" <<<'ALTER DATABASE :"database" SET default_transaction_read_only = on;'
    end_sessions
    echo '{"stopped": true}'
}
allow() {
    on_server --set=database="$PGDATABASE" <<<'ALTER DATABASE :"database" RESET default_transaction_read_only;'
    end_sessions
    echo '{"stopped": false}'
}

make_copy() { # at the server beside
    on_server --set=copy="$COPY" <<'SQL'
SET client_min_messages = warning;
DROP DATABASE IF EXISTS :"copy" WITH (FORCE);
SELECT 'CREATE ROLE flagsmith NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'flagsmith') \gexec
SELECT 'CREATE ROLE flagsmith_moving NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'flagsmith_moving') \gexec
GRANT flagsmith TO flagsmith_moving;
CREATE DATABASE :"copy" OWNER flagsmith TEMPLATE template0;
SQL
    # Only an administrator may make these; the application makes the others with the rest.
    within "$COPY" --set=wanted="$EXTENSIONS" <<'SQL'
ALTER SCHEMA public OWNER TO flagsmith;
SELECT format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I', e->>'name', e->>'schema') FROM json_array_elements(:'wanted') e \gexec
SQL
}
dump() {
    keep_settings
    pg_dump --dbname="$PGDATABASE" --format=custom --compress=1 --no-owner --no-privileges --lock-wait-timeout=60s \
        --exclude-schema=feature_flags_audit --exclude-extension='*'
}
restore() {
    # By itself and not through psql, which would take a line of a dump for a command of its own.
    PGOPTIONS='-c search_path=pg_catalog,pg_temp -c row_security=off -c statement_timeout=0 -c default_transaction_read_only=off' \
        PGPASSWORD=$BESIDE_COPY_PASSWORD PGUSER=flagsmith_moving \
        pg_restore --exit-on-error --no-owner --no-privileges --dbname="$COPY"
}
copy() {
    EXTENSIONS=$(at LIVE within "$PGDATABASE" --command="SELECT coalesce(json_agg(json_build_object(
            'name', extname, 'schema', extnamespace::regnamespace)), '[]') FROM pg_extension WHERE extname <> 'plpgsql'")
    export EXTENSIONS
    at BESIDE make_copy
    # Of no use to anybody but this step, and gone at its end.
    BESIDE_COPY_PASSWORD=$(head -c 24 /dev/urandom | base64 --wrap=0 | tr -d '+/=')
    export BESIDE_COPY_PASSWORD
    at BESIDE set_password flagsmith_moving "$BESIDE_COPY_PASSWORD"
    at BESIDE on_server --command='ALTER ROLE flagsmith_moving LOGIN' --command='ALTER ROLE flagsmith_moving SET role = flagsmith'
    at LIVE dump | at BESIDE restore
    at BESIDE on_server --command='ALTER ROLE flagsmith_moving NOLOGIN PASSWORD NULL'
    at BESIDE within "$COPY" --output=/dev/null <<'SQL'
REASSIGN OWNED BY flagsmith_moving TO flagsmith;
DROP OWNED BY flagsmith_moving;
DROP ROLE flagsmith_moving;
ANALYZE;
SQL
    echo '{"copied": true}'
}

has() { # has NAME; what cannot be asked ends the step, since `no` would be an answer
    local found
    found=$(on_server --set=name="$1" <<<"SELECT count(*) FROM pg_database WHERE datname = :'name'") || exit 1
    [ "$found" = 1 ]
}
# The copy where there is one; else the database itself, which the operator has filled.
filled() { if has "$COPY"; then echo "$COPY"; else echo "$PGDATABASE"; fi; }
describe() { within "$1" --file=<(printf '%s' "$DESCRIBE"); }
compare() {
    local other work first differences
    work=$(mktemp -d)
    other=$(at BESIDE filled)
    at LIVE describe "$PGDATABASE" | LC_ALL=C sort >"$work/live" &
    at BESIDE describe "$other" | LC_ALL=C sort >"$work/beside"
    wait "$!"
    # A line that only one of them has: by its kind and its name, once.
    LC_ALL=C comm -3 "$work/live" "$work/beside" |
        sed 's/^\t//' | cut -f 1,2 | LC_ALL=C sort -u >"$work/differences"
    first=$(head -n 50 "$work/differences")
    differences=$(at LIVE on_server --set=lines="$first" \
        <<<"SELECT coalesce(json_agg(replace(line, E'\\t', ' ')), '[]') FROM regexp_split_to_table(:'lines', E'\\n') line
            WHERE line <> ''")
    awk -F '\t' '$1 == "table" {tables++; rows += $3} END {printf "{\"tables\": %d, \"rows\": %d, ", tables, rows}' "$work/live"
    printf '"things": %d, "differences": %s}\n' "$(wc -l <"$work/live")" "$differences"
    rm -r "$work"
}

swap_names() { # at the server beside
    if ! has "$COPY"; then
        echo "There is no copy to put in the place of the old database." >&2
        return 1
    fi
    # One that was kept before this is older than what is there now, which is no more than a copy as well.
    local aside=$BEFORE drops=0
    if has "$BEFORE"; then aside=$COPY-old drops=1; fi
    on_server --set=database="$PGDATABASE" --set=copy="$COPY" --set=aside="$aside" --set=drops="$drops" <<'SQL'
SET client_min_messages = warning;
SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS false', datname) FROM pg_database WHERE datname = :'database' \gexec
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname IN (:'database', :'copy') \g /dev/null
SELECT format('ALTER DATABASE %I RENAME TO %I', datname, :'aside') FROM pg_database WHERE datname = :'database' \gexec
SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS true', datname) FROM pg_database WHERE datname = :'aside' \gexec
ALTER DATABASE :"copy" RENAME TO :"database";
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database WHERE datname = :'aside' AND :drops = 1 \gexec
SQL
}

case $STEP in
look | stop | allow) at LIVE "$STEP" ;;
copy | compare) "$STEP" ;;
back | shut)
    # The template may be of the deployment before Flagsmith moved, or of the one in which it does.
    side=BESIDE other=LIVE
    [ "${BACK_TO:-$BESIDE_HOST}" = "$BESIDE_HOST" ] || side=LIVE other=BESIDE
    host=${side}_HOST
    if [ "${!host}" != "${BACK_TO:-$BESIDE_HOST}" ]; then
        echo "Neither server is at $BACK_TO." >&2
        exit 2
    fi
    if [ "$STEP" = shut ]; then at "$other" stop; else at "$side" allow; fi ;;
swap)
    at BESIDE swap_names
    echo '{"swapped": true}' ;;
*)
    echo "There is no step $STEP." >&2
    exit 2 ;;
esac
