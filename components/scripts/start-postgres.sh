# Starts PostgreSQL in the official image, after two looks at the volume. Runs as `bash -c` with the server's arguments.
#
# 1. Data of another major version lies in another directory, which the image would not find: it would make an empty
#    database and serve that. 2. The image sets the password only when it makes the database: a renewed one is set here.
set -eu

for file in "$DATA_VOLUME"/PG_VERSION "$DATA_VOLUME"/*/PG_VERSION "$DATA_VOLUME"/*/*/PG_VERSION; do
    [ -e "$file" ] || continue
    found=$(cat "$file")
    if [ "$found" != "$PG_MAJOR" ] || [ "${file%/PG_VERSION}" != "$PGDATA" ]; then
        echo "This volume holds the data of PostgreSQL $found in ${file%/PG_VERSION}, and this is PostgreSQL $PG_MAJOR" \
            "with $PGDATA: it would start with an empty database. Nothing was changed. Set postgres.version back to a" \
            "release of $found; to move to another major version, dump the database and restore it." >&2
        exit 1
    fi
done

if [ -s "$PGDATA/PG_VERSION" ]; then
    password=$(cat "$POSTGRES_PASSWORD_FILE")
    quoted=${password//\'/\'\'}
    # In single-user mode, before anybody can connect; the password is in no process list and in no log.
    printf "ALTER ROLE \"%s\" PASSWORD '%s'\n" "$POSTGRES_USER" "$quoted" |
        postgres --single -D "$PGDATA" -c log_statement=none -c log_min_error_statement=panic postgres >/dev/null
fi

exec docker-entrypoint.sh postgres "$@"
