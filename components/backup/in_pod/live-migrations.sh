# Writes the migrations of the database that DATABASE_URL names, in order, into $WORK/live.migrations. Runs as `bash -c` in PostgreSQL's
# image, after database-url.sh and read-dump.sh: by itself, so that where a drill restores a backup there is no log-in.
set -euo pipefail

migrations "$URL" | LC_ALL=C sort >"$WORK/live.migrations" || { echo "The live database cannot be asked." >&2; exit 1; }
