# Restores a fetched backup into a scratch PostgreSQL of this pod, never into the live server, and looks at the result.
# Runs as `bash -c` in PostgreSQL's image, after database-url.sh and read-dump.sh. From the live database it only reads the migrations' names.
set -euo pipefail

began=$(date +%s)
plain_dump
data=$WORK/scratch socket=$WORK/socket
mkdir -p "$socket"
initdb --pgdata="$data" --username=postgres --auth=trust --encoding=UTF8 >/dev/null
# Nothing outside of this pod can connect: it listens on a socket only.
pg_ctl --pgdata="$data" --silent --wait --timeout=120 --log="$WORK/scratch.log" \
    --options="-c listen_addresses='' -c unix_socket_directories='$socket' -c fsync=off -c full_page_writes=off" start
stop() { pg_ctl --pgdata="$data" --silent --mode=immediate stop || true; }
trap stop EXIT
scratch=(--host="$socket" --username=postgres --dbname=drill)
createdb --host="$socket" --username=postgres --template=template0 drill
dumped_sql | psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --output=/dev/null "${scratch[@]}"

then=$(rows_then)
now=$(rows_now "${scratch[@]}")
if [ -n "$then" ] && [ "$then" != "$now" ]; then
    echo "The restored tables do not have the rows that were dumped." >&2
    printf 'dumped:   %s\nrestored: %s\n' "$then" "$now" >&2
    exit 1
fi
migrations "${scratch[@]}" >"$WORK/backup.migrations"
migrations "$URL" >"$WORK/live.migrations" || { echo "The live database cannot be asked." >&2; exit 1; }
list() { LC_ALL=C comm "$1" <(LC_ALL=C sort "$WORK/backup.migrations") <(LC_ALL=C sort "$WORK/live.migrations") |
    sed -e 's/.*/"&"/' | paste -s -d, -; }
# A field for JSON's sake: what only the live database has comes with a restore's migration, what only the backup has
# was made by a newer release.
printf '{"drilled": "%s", "started": "%s", "seconds": %s, "rows": %s, "migrations": %s, "pending": [%s], "unknown": [%s]}\n' \
    "$(field name)" "$(field started)" "$(($(date +%s) - began))" "$now" "$(wc -l <"$WORK/backup.migrations")" \
    "$(list -13)" "$(list -23)"
