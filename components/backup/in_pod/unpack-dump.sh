# Decrypts a backup between the pipes $WORK/stored and $WORK/plain. Runs as `bash -c` in PostgreSQL's image, after pipes.sh and
# read-dump.sh, beside store_backups.py, which gives the backup twice, and the container that restores it.
#
# The first time it looks at what is in it ($WORK/contents), and whether it is whole; the second time it hands it on. $WORK/plain.whole
# says at the end that all of that was the same.
#
# A container by itself, and the only one of its pod that has BACKUP_PASSPHRASE: whose data a backup holds may have put into
# it what runs where it is restored.
set -euo pipefail

open_pipe plain writer
open_pipe stored reader
gone() { echo "The backup did not come as a whole; the container that fetches it says why." >&2; exit 1; }
damaged() { echo "The backup cannot be decrypted: was it made with another passphrase?" >&2; exit 1; }
plain() {
    case $file in
    *.enc) openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000 -pass env:BACKUP_PASSPHRASE ||
        { echo "It was not decrypted to its end." >&2; exit 1; } ;;
    *) cat ;;
    esac
}
# taken COMMAND...: gives it the dump, and succeeds if that was all of what was stored.
taken() {
    local bytes whole
    IFS=' ' read -r file bytes <&6 || gone
    case $file in
    *.enc) [ -n "${BACKUP_PASSPHRASE:-}" ] || { echo "The backup is encrypted, and there is no passphrase." >&2; exit 1; } ;;
    esac
    head -c "$bytes" <&6 | plain | "$@"
    IFS= read -r whole <&6 && [ "$whole" = whole ] || gone
}
listed() {
    local begin
    begin=$(head -c 5 | tr -d '\0')
    if [ "$begin" != PGDMP ]; then
        case $file in *.enc) damaged ;; esac
        echo "This is no dump in pg_dump's custom format." >&2
        return 1
    fi
    # Without the schema `public` itself, which every database has.
    { printf %s "$begin"; cat; } | { pg_restore --list && cat >/dev/null; } |
        grep -v -E ' (SCHEMA - public|COMMENT - SCHEMA public) ' >"$WORK/contents"
}
taken listed
echo >&7
handed_on() { cat >&7; }
taken handed_on
: >"$WORK/plain.whole"
exec 7>&-
