# Functions for a dump that store_backups.py fetched: $WORK/fetched.json names it. Read by the scripts beside this one.
field() { sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" "$WORK/fetched.json"; }
rows_then() { sed -n 's/.*"rows": \({[^}]*}\).*/\1/p' "$WORK/fetched.json"; }
plain_dump() {
    local file
    file=$WORK/$(field file)
    case $file in
    *.enc)
        [ -n "${BACKUP_PASSPHRASE:-}" ] || { echo "The backup is encrypted, and there is no passphrase." >&2; return 1; }
        openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000 -pass env:BACKUP_PASSPHRASE -in "$file" -out "$WORK/plain.dump" ||
            { echo "The backup cannot be decrypted: was it made with another passphrase?" >&2; return 1; }
        rm -f "$file" ;;
    *) mv "$file" "$WORK/plain.dump" ;;
    esac
    # Without the schema `public` itself, which every database has.
    pg_restore --list "$WORK/plain.dump" | grep -v -E ' (SCHEMA - public|COMMENT - SCHEMA public) ' >"$WORK/contents"
}
dumped_sql() { pg_restore --no-owner --no-privileges --use-list="$WORK/contents" --file=- "$WORK/plain.dump"; }
# The rows of each table, as dump-database.sh counts them; arguments: how psql connects.
rows_now() {
    psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@" \
        --command="SET statement_timeout = 0" --command="
        SELECT coalesce(json_object_agg(tablename, (xpath('/row/c/text()', query_to_xml(
            format('SELECT count(*) AS c FROM %I.%I', schemaname, tablename), false, true, '')))[1]::text::bigint
            ORDER BY tablename)::jsonb, '{}') FROM pg_tables WHERE schemaname = 'public'"
}
migrations() {
    psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@" \
        --command="SELECT app || '.' || name FROM django_migrations ORDER BY 1"
}
