# Takes back what show-certificate.sh did. Runs as `bash -c` in the embedded server's own container, after administrator.sh.
set -euo pipefail

on_server --output=/dev/null <<'SQL'
ALTER SYSTEM RESET ssl;
ALTER SYSTEM RESET ssl_key_file;
ALTER SYSTEM RESET ssl_cert_file;
SELECT pg_reload_conf();
SQL
rm -f "$PGDATA/move.key" "$PGDATA/move.crt"
