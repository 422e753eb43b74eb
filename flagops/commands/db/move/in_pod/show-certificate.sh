# Has the embedded server take TLS as well, for as long as a Cluster imports from it, and prints the certificate that it
# shows. Runs as `bash -c` in its own container, after administrator.sh. A second run keeps what is there.
#
# Nobody is disconnected, and nothing is restarted: the server loads the certificate again. The key stays on its volume.
set -euo pipefail

key=$PGDATA/move.key certificate=$PGDATA/move.crt
if ! openssl x509 -in "$certificate" -noout -checkend 86400 >/dev/null 2>&1; then
    umask 077
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 7 -subj /CN=flagsmith-postgres \
        -addext subjectAltName=DNS:flagsmith-postgres -keyout "$key" -out "$certificate" 2>/dev/null
fi
on_server --set=key="$key" --set=certificate="$certificate" --output=/dev/null <<'SQL'
ALTER SYSTEM SET ssl_key_file = :'key';
ALTER SYSTEM SET ssl_cert_file = :'certificate';
ALTER SYSTEM SET ssl = on;
SELECT pg_reload_conf();
SQL
# It answers before it has read them.
for _ in $(seq 100); do
    if [ "$(on_server --command='SHOW ssl')" = on ]; then
        cat "$certificate"
        exit
    fi
    sleep 0.1
done
echo "The server has not taken its certificate: its log says why." >&2
exit 1
