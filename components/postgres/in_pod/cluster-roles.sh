# What a Cluster of CloudNativePG has beside the roles of make-roles.sh, after which it is read.
#
# There, nobody knows the exporter's pod by its user id: it logs in by a password. The operator's own exporter, which each
# server has, counts the extensions of every database.
[ -z "${METRICS_PASSWORD:-}" ] || set_password flagsmith_metrics "$METRICS_PASSWORD"
in_database --output=/dev/null <<'SQL'
SELECT pg_catalog.format('GRANT CONNECT ON DATABASE %I TO pg_monitor', pg_catalog.current_database()) \gexec
SQL
