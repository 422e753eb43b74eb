# Functions for a dump that store_backups.py fetched and unpack-dump.sh unpacked: $WORK/fetched.json names it. Read by the
# scripts beside this one.
#
# Names are looked for in pg_catalog alone: the tables' owner may have functions that are called as PostgreSQL's.
field() { sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" "$WORK/fetched.json"; }
rows_then() { sed -n 's/.*"rows": \({[^}]*}\).*/\1/p' "$WORK/fetched.json"; }
dumped() { pg_restore --no-owner --no-privileges --use-list="$WORK/contents" "$@" "$WORK/plain.dump"; }
asked() { # asked STATEMENT, and how psql connects
    psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "${@:2}" \
        --command="SET search_path = pg_catalog, pg_temp" --command="SET statement_timeout = 0" --command="$1"
}
# The rows of each table, as dump-database.sh counts them.
rows_now() {
    asked "SELECT coalesce(json_object_agg(tablename, (xpath('/row/c/text()', query_to_xml(
            format('SELECT count(*) AS c FROM %I.%I', schemaname, tablename), false, true, '')))[1]::text::bigint
            ORDER BY tablename)::jsonb, '{}') FROM pg_tables WHERE schemaname = 'public'" "$@"
}
# Each as a string of JSON.
migrations() { asked "SELECT to_json(app || '.' || name) FROM public.django_migrations ORDER BY app, name" "$@"; }
