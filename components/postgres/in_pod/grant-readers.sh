# Gives the readers what grants-*.sql say, and nothing else. Runs as `bash -c` in PostgreSQL's image, after administrator.sh
# and own-database.sh, once the tables are there. GRANTS is the directory of the files.
set -euo pipefail

log_in
# A migration may have been made by the administrator, whom an existing Secret names.
own_everything
shopt -s nullglob
files=()
for file in "$GRANTS"/*.sql; do files+=(--file="$file"); done
# In one transaction, so that no reader finds its grants missing.
in_database --single-transaction --output=/dev/null --command="SET client_min_messages = warning" --command="
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM flagsmith_audit, flagsmith_analytics, flagsmith_metrics" --command="
    REVOKE ALL ON SCHEMA public FROM flagsmith_audit, flagsmith_analytics, flagsmith_metrics" --command="
    GRANT USAGE ON SCHEMA public TO flagsmith_audit, flagsmith_analytics" "${files[@]}"
echo "The readers have the grants of ${#files[@]} files."
