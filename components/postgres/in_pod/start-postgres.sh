# Starts PostgreSQL in the official image, after five looks at the volume. Runs as `bash -c` with the server's arguments.
#
# 0. A dump that `ff db upgrade` left is made the new major version's data. The old data is kept until that has worked.
# 1. Data of another major version lies in another directory, which the image would not find: it would make an empty
#    database and serve that. 2. The image sets the password only when it makes the database: a renewed one is set here.
# 3. The server refuses a data directory that its group can write. 4. Indexes of text are in the order of the C library that
#    made them: with another one they miss rows, and take duplicates.
set -euo pipefail

make_data_of() { # make_data_of DUMP
    local beside=${1%.dump} restoring=(--username=flagsmith_restoring --dbname="$POSTGRES_DB")
    new=$DATA_VOLUME/.upgrading
    rm -rf "$new"
    # As the image does it for a new database.
    # shellcheck disable=SC2086 - several arguments
    initdb --pgdata="$new" --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" ${POSTGRES_INITDB_ARGS:-} >/dev/null
    printf '\nhost all all all scram-sha-256\n' >>"$new/pg_hba.conf"
    # It listens on a socket only, in a directory of its own user's: nobody sees it before it is whole.
    socket=$(mktemp -d)
    trap 'pg_ctl --pgdata="$new" --silent --mode=immediate stop || true; rm -rf "$socket"' EXIT
    printf 'local all all trust\n' >"$socket/pg_hba.conf"
    pg_ctl --pgdata="$new" --silent --wait --timeout=120 --log="$socket/log" \
        --options="-c listen_addresses='' -c unix_socket_directories='$socket' -c hba_file='$socket/pg_hba.conf'" start
    export PGHOST=$socket PGUSER=$POSTGRES_USER
    [ "$POSTGRES_DB" = postgres ] || createdb "$POSTGRES_DB"
    # The roles first, with their passwords, since the dump names them; the server's first superuser is there already.
    grep -v -x -F "CREATE ROLE $POSTGRES_USER;" "$beside.roles.sql" | as_superuser --dbname=postgres
    # Restoring runs what the application has put into its database, such as functions in constraints. So it is done by a
    # role that is no more than `flagsmith`, and in what is restored the superuser looks at nothing.
    as_superuser --dbname=postgres --set=database="$POSTGRES_DB" <<'SQL'
SELECT 'CREATE ROLE flagsmith NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'flagsmith') \gexec
ALTER DATABASE :"database" OWNER TO flagsmith;
CREATE ROLE flagsmith_restoring LOGIN IN ROLE flagsmith;
ALTER ROLE flagsmith_restoring SET role = flagsmith;
SQL
    as_superuser --dbname="$POSTGRES_DB" <<<'ALTER SCHEMA public OWNER TO flagsmith;'
    [ ! -e "$beside.extensions.sql" ] || as_superuser --dbname="$POSTGRES_DB" <"$beside.extensions.sql"
    # A dump does not hold the schema `public`, which every database has. What is left out is the superuser's to say, and
    # made anew by the Job of the roles.
    pg_restore --list "$1" | grep -v -E '^[0-9]+; [0-9]+ [0-9]+ (DEFAULT ACL|COMMENT - EXTENSION|COMMENT - SCHEMA public) ' \
        >"$socket/contents"
    pg_restore --exit-on-error --no-owner --use-list="$socket/contents" "${restoring[@]}" "$1"
    # What was restored may have set something for its database's sessions, which are the next; a dump brings no such thing.
    as_superuser --dbname=postgres --set=database="$POSTGRES_DB" \
        <<<'ALTER DATABASE :"database" RESET ALL; ALTER DATABASE :"database" CONNECTION LIMIT -1;'
    # Of its own tables only, without a word on the others.
    PGOPTIONS='-c client_min_messages=error' psql --no-psqlrc --quiet "${restoring[@]}" --command=ANALYZE ||
        echo "The new data has no statistics yet: autovacuum makes them." >&2
    # What was restored may have made something as who restored it, and given it rights.
    as_superuser --dbname="$POSTGRES_DB" --command='REASSIGN OWNED BY flagsmith_restoring TO flagsmith' \
        --command='DROP OWNED BY flagsmith_restoring' --command='DROP ROLE flagsmith_restoring'
    pg_ctl --pgdata="$new" --silent --wait stop
    unset PGHOST PGUSER
    trap - EXIT
    rm -rf "$socket"
}
# In single-user mode, where a statement is a line, and the first that fails ends it.
alone_in() { postgres --single -D "$PGDATA" -c exit_on_error=on "$1"; } # alone_in DATABASE
# Each database whose text was sorted otherwise: its name, by which version, and by which it would be now.
sorted_otherwise() {
    echo "SELECT datname || '|' || datallowconn || '|' || datcollversion || '|' || pg_database_collation_actual_version(oid)" \
        "AS changed FROM pg_database WHERE datcollversion <> pg_database_collation_actual_version(oid)" |
        alone_in postgres | sed -n 's/.*changed = "\([^"]*\)".*/\1/p'
}
look_at_collations() {
    local changed name connects before now
    changed=$(sorted_otherwise)
    [ -n "$changed" ] || return 0
    while IFS='|' read -r name connects before now; do
        if [ "$now" != "${REINDEX_FOR:-}" ]; then
            echo "The text in the database $name was sorted by version $before of the C library, and this image has $now:" \
                "its indexes would miss rows. Nothing was changed. Set postgres.version back to the release of Debian that" \
                "it was, or back up and set postgres.reindexFor to \"$now\": the start then makes all indexes anew." >&2
            exit 1
        fi
        echo "Making the indexes of $name anew, for version $now of the C library after $before…"
        [ "$connects" = false ] || echo "REINDEX DATABASE \"$name\"" | alone_in "$name" >/dev/null
        echo "ALTER DATABASE \"$name\" REFRESH COLLATION VERSION" | alone_in postgres >/dev/null
    done <<<"$changed"
}
as_superuser() { psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --output=/dev/null "$@"; }

for dump in "$DATA_VOLUME"/upgrade-*.dump; do
    [ -e "$dump" ] || continue
    old=${dump##*/upgrade-}
    old=${old%.dump}
    # Still the old version: the upgrade has not come to its deployment yet.
    [ "$old" != "$PG_MAJOR" ] || continue
    if [ ! -s "$PGDATA/PG_VERSION" ]; then
        echo "Making the data of PostgreSQL $PG_MAJOR from the dump of $old…"
        make_data_of "$dump"
        mkdir -p "${PGDATA%/*}"
        mv "$DATA_VOLUME/.upgrading" "$PGDATA"
    fi
    for file in "$DATA_VOLUME"/PG_VERSION "$DATA_VOLUME"/*/PG_VERSION "$DATA_VOLUME"/*/*/PG_VERSION; do
        [ -e "$file" ] && [ "$(cat "$file")" = "$old" ] || continue
        mv "${file%/PG_VERSION}" "$DATA_VOLUME/.before-upgrade-$old"
        echo "The data of PostgreSQL $old is kept in $DATA_VOLUME/.before-upgrade-$old."
    done
    rm -f "$dump" "${dump%.dump}.roles.sql" "${dump%.dump}.extensions.sql"
done

for file in "$DATA_VOLUME"/PG_VERSION "$DATA_VOLUME"/*/PG_VERSION "$DATA_VOLUME"/*/*/PG_VERSION; do
    [ -e "$file" ] || continue
    found=$(cat "$file")
    if [ "$found" != "$PG_MAJOR" ] || [ "${file%/PG_VERSION}" != "$PGDATA" ]; then
        echo "This volume holds the data of PostgreSQL $found in ${file%/PG_VERSION}, and this is PostgreSQL $PG_MAJOR" \
            "with $PGDATA: it would start with an empty database. Nothing was changed. Set postgres.version back to a" \
            "release of $found; \`ff db upgrade\` moves to another major version." >&2
        exit 1
    fi
done

if [ -s "$PGDATA/PG_VERSION" ]; then
    # On a volume that was walked for the pod's fsGroup the group may write, and the server refuses such a directory.
    chmod 0700 "$PGDATA"
    password=$(cat "$POSTGRES_PASSWORD_FILE")
    quoted=${password//\'/\'\'}
    # In single-user mode, before anybody can connect; the password is in no process list and in no log.
    printf "ALTER ROLE \"%s\" PASSWORD '%s'\n" "$POSTGRES_USER" "$quoted" |
        postgres --single -D "$PGDATA" -c log_statement=none -c log_min_error_statement=panic postgres >/dev/null
    look_at_collations
fi

exec docker-entrypoint.sh postgres "$@"
