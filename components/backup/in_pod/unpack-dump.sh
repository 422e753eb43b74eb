# Makes $WORK/plain.dump of a fetched backup. Runs as `bash -c` in PostgreSQL's image, after read-dump.sh.
#
# A container by itself, and the only one of its pod that has BACKUP_PASSPHRASE: whose data a backup holds may have put into
# it what runs where it is restored.
set -euo pipefail

file=$WORK/$(field file)
case $file in
*.enc)
    [ -n "${BACKUP_PASSPHRASE:-}" ] || { echo "The backup is encrypted, and there is no passphrase." >&2; exit 1; }
    openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000 -pass env:BACKUP_PASSPHRASE -in "$file" -out "$WORK/plain.dump" ||
        { echo "The backup cannot be decrypted: was it made with another passphrase?" >&2; exit 1; }
    rm -f "$file" ;;
*) mv "$file" "$WORK/plain.dump" ;;
esac
# Without the schema `public` itself, which every database has.
pg_restore --list "$WORK/plain.dump" | grep -v -E ' (SCHEMA - public|COMMENT - SCHEMA public) ' >"$WORK/contents"
