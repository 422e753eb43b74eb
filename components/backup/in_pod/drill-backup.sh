# Restores a backup into a scratch PostgreSQL of this pod, never into the live server, and looks at the result. Runs as
# `bash -c` in PostgreSQL's image, after pipes.sh and read-dump.sh, beside unpack-dump.sh. $WORK/live.migrations has what the
# live database has; the scratch server's files are in $SCRATCH.
#
# Restoring runs code that stands in the backup, and what a server runs has its rights: so the role that restores is no
# superuser there, and this container has no secret.
set -euo pipefail
# Else a $( ) goes on after a command of it that failed.
shopt -s inherit_errexit

# initdb asks for the name of its user. One that the cluster chose may have none, and gets one as in the image's own start.
named() { # named PROGRAM and its arguments
    local wrapper users
    if ! getent passwd "$(id -u)" >/dev/null; then
        for wrapper in /usr/lib/*/libnss_wrapper.so; do
            [ -s "$wrapper" ] || continue
            users=$(mktemp -d)
            echo "postgres:x:$(id -u):$(id -g)::$users:/bin/false" >"$users/passwd"
            echo "postgres:x:$(id -g):" >"$users/group"
            LD_PRELOAD=$wrapper NSS_WRAPPER_PASSWD=$users/passwd NSS_WRAPPER_GROUP=$users/group "$@"
            return
        done
    fi
    "$@"
}
open_pipe plain reader
await_dump
began=$(date +%s)
data=$SCRATCH/data socket=$WORK/socket
mkdir -p "$socket"
# Nobody needs it after a loss of power: nothing waits until it is on the disk, here and below.
named initdb --pgdata="$data" --username=postgres --auth=trust --encoding=UTF8 --no-sync >/dev/null
# Nothing outside of this pod can connect: it listens on a socket only.
pg_ctl --pgdata="$data" --silent --wait --timeout=120 --log="$WORK/scratch.log" \
    --options="-c listen_addresses='' -c unix_socket_directories='$socket' -c fsync=off -c full_page_writes=off" start 6<&-
stop() { pg_ctl --pgdata="$data" --silent --mode=immediate stop || true; }
trap stop EXIT
createuser --host="$socket" --username=postgres drill
createdb --host="$socket" --username=postgres --template=template0 --owner=drill drill
scratch=(--host="$socket" --username=drill --dbname=drill)
# By itself and not through psql, which would take a line of a dump for a command of its own.
dumped --exit-on-error "${scratch[@]}"

rows=$({
    require_rows
    print_rows
} | psql --no-psqlrc --quiet --tuples-only --no-align --single-transaction --set=ON_ERROR_STOP=1 --output=/dev/null "${scratch[@]}")
migrations "${scratch[@]}" | LC_ALL=C sort >"$WORK/backup.migrations"
list() { LC_ALL=C comm "$1" "$WORK/backup.migrations" "$WORK/live.migrations" | paste -s -d, -; }
pending=$(list -13)
unknown=$(list -23)
# A field for JSON's sake: what only the live database has comes with a restore's migration, what only the backup has
# was made by a newer release.
printf '{"drilled": "%s", "started": "%s", "seconds": %s, "rows": %s, "migrations": %s, "pending": [%s], "unknown": [%s]}\n' \
    "$(field name)" "$(field started)" "$(($(date +%s) - began))" "$rows" "$(wc -l <"$WORK/backup.migrations")" \
    "$pending" "$unknown"
