# Dumps the database that DATABASE_URL names into the pipe $WORK/dump. Runs as `bash -c` in PostgreSQL's image, after
# database-url.sh and pipes.sh, beside store_backups.py, which reads it.
#
# The pipe gets a line with the file's name (NAME.dump, custom format; NAME.dump.enc if BACKUP_PASSPHRASE is set) and the
# database's bytes, then the file. $WORK gets NAME.json, which says what is in it: the rows of each table are counted in the
# very snapshot that is dumped. It is there before the pipe is closed, or the dump is none. BACKUP_LABEL goes into the name.
set -euo pipefail

# By this name the roles Jobs know a backup at work, and leave its sessions alone.
export PGAPPNAME=flagsmith-backup
open_pipe dump writer
started=$(date -u +%Y-%m-%dT%H:%M:%SZ)
name="flagsmith-$(date -u +%Y%m%dT%H%M%SZ)${BACKUP_LABEL:+-$BACKUP_LABEL}"
counts="SELECT coalesce(json_object_agg(tablename, (xpath('/row/c/text()', query_to_xml(
    format('SELECT count(*) AS c FROM %I.%I', schemaname, tablename), false, true, '')))[1]::text::bigint
    ORDER BY tablename)::jsonb, '{}') FROM pg_tables WHERE schemaname = 'public';"

coproc SESSION { exec psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$URL" 7>&-; }
session=$SESSION_PID
ask() {
    echo "${*//$'\n'/ }" >&"${SESSION[1]}"
    IFS= read -r answer <&"${SESSION[0]}" || { wait "$session"; exit 1; }
}
# A server may end sessions that only hold a snapshot, and statements that take long; a large database takes longer.
# Names are looked for in pg_catalog alone: what is found goes into NAME.json as it is.
echo "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp;" \
    "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0;" >&"${SESSION[1]}"
ask "SELECT pg_export_snapshot();"
snapshot=$answer
ask "SHOW server_version;"
server=$answer
ask "SELECT pg_database_size(current_database());"
file=$name.dump${BACKUP_PASSPHRASE:+.enc}
echo "$file $answer" >&7
ask "$counts"
rows=$answer

dump() {
    pg_dump --format=custom --no-owner --no-privileges --schema=public --lock-wait-timeout=60s \
        --snapshot="$snapshot" "$URL"
}
encrypted() {
    if [ -z "${BACKUP_PASSPHRASE:-}" ]; then cat; else
        openssl enc -aes-256-cbc -pbkdf2 -iter 600000 -salt -pass env:BACKUP_PASSPHRASE
    fi
}
dump | encrypted >&7 || { echo "The dump broke off, or what stores it did." >&2; exit 1; }
printf '\\q\n' >&"${SESSION[1]}"
wait "$session"

printf '{"name": "%s", "file": "%s", "label": "%s", "started": "%s", "finished": "%s", "server": "%s", "release": "%s", "rows": %s}\n' \
    "$name" "$file" "${BACKUP_LABEL:-}" "$started" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$server" "${RELEASE:-}" "$rows" \
    >"$WORK/$name.json"
exec 7>&-
echo "Dumped $file."
