# Functions for a dump that store_backups.py fetches and unpack-dump.sh unpacks: $WORK/fetched.json names it, $WORK/contents
# lists what is restored of it. Read by the scripts beside this one.
#
# Names are looked for in pg_catalog alone: the tables' owner may have functions that are called as PostgreSQL's.
field() { sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" "$WORK/fetched.json"; }
# Waits in the open pipe `plain` until the dump comes, which has been looked at as a whole by then.
await_dump() {
    IFS= read -r _ <&6 || { echo "There is no dump to restore; the container before says why." >&2; exit 1; }
}
# Succeeds if all of it came and was the file that was stored, which is known at its end alone.
dumped() {
    pg_restore --no-owner --no-privileges --use-list="$WORK/contents" "$@" <&6 || return 1
    cat <&6 >/dev/null
    [ -e "$WORK/plain.whole" ] || { echo "The dump broke off while it was restored; the container before says why." >&2; return 1; }
}
asked() { # asked STATEMENT, and how psql connects
    psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "${@:2}" \
        --command="SET search_path = pg_catalog, pg_temp" --command="SET statement_timeout = 0" --command="$1"
}
# The rows of each table, as dump-database.sh counts them.
ROWS="SELECT coalesce(json_object_agg(tablename, (xpath('/row/c/text()', query_to_xml(
    format('SELECT count(*) AS c FROM %I.%I', schemaname, tablename), false, true, '')))[1]::text::bigint
    ORDER BY tablename)::jsonb, '{}') FROM pg_tables WHERE schemaname = 'public'"
rows_now() { asked "$ROWS" "$@"; }
# Statements of a transaction, which fail unless the tables have the rows that were dumped. What was dumped goes there as
# bytes, whatever names there are in it; a dump of before this was counted has none.
require_rows() {
    # Of what was restored, tables for the time of a session come before PostgreSQL's own in any other path.
    echo 'SET LOCAL search_path = pg_catalog, pg_temp;'
    printf "SELECT set_config('flagsmith.fetched', convert_from(decode('%s', 'base64'), 'UTF8'), true);\n" \
        "$(base64 --wrap=0 <"$WORK/fetched.json")"
    printf "SELECT set_config('flagsmith.restored', (%s)::text, true);\n" "$ROWS"
    cat <<'SQL'
DO $body$
DECLARE
    dumped jsonb := current_setting('flagsmith.fetched')::jsonb -> 'rows';
    restored jsonb := current_setting('flagsmith.restored')::jsonb;
BEGIN
    IF dumped <> restored THEN
        RAISE EXCEPTION USING MESSAGE = 'The restored tables do not have the rows that were dumped: nothing is changed.',
            DETAIL = format(E'dumped:   %s\nrestored: %s', dumped, restored);
    END IF;
END $body$;
SQL
}
# Has psql print what require_rows counted in this transaction: nothing is counted twice, and its other output goes elsewhere.
# Right after it, since triggers of what was restored may set the same.
print_rows() {
    cat <<'SQL'
\o
SELECT current_setting('flagsmith.restored');
\o /dev/null
SQL
}
# Each as a string of JSON.
migrations() { asked "SELECT to_json(app || '.' || name) FROM public.django_migrations ORDER BY app, name" "$@"; }
