# Makes the roles of the embedded PostgreSQL and sets their passwords. Runs as `bash -c` in PostgreSQL's image, after
# administrator.sh and own-database.sh, before every migration; a second run changes nothing.
#
# flagsmith           owns everything and cannot log in
# flagsmith_a, _b     what Flagsmith logs in as, in turn; whatever they make belongs to flagsmith
# flagsmith_operator  who asks by `ff db psql`: what flagsmith may; logs in from the server's own pod only
# flagsmith_metrics   reads the server's statistics; logs in from its own pod only, without a password
# flagsmith_audit     reads what the audit needs, flagsmith_analytics what the flags' metrics need: grants-*.sql
# flagsmith_audit_keys  owns the function by which flagsmith_audit finds the names of API keys; cannot log in
#
# STATEMENT_TIMEOUT bounds what the application asks; migrations and the task processor set their own, backups none.
# LOGIN and LOGIN_PASSWORD are the application's; without them APPLICATION_URL is, which somebody else made a role for.
set -euo pipefail

log_in
on_server --set=limit="$STATEMENT_TIMEOUT" --output=/dev/null <<'SQL'
SET client_min_messages = warning;
SELECT format('CREATE ROLE %I NOLOGIN', name)
    FROM unnest(ARRAY['flagsmith', 'flagsmith_a', 'flagsmith_b', 'flagsmith_operator', 'flagsmith_metrics',
        'flagsmith_audit', 'flagsmith_audit_keys', 'flagsmith_analytics']) name
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
-- Who is connected, from where, in which state: `ff db connections`.
GRANT pg_read_all_stats TO flagsmith;
GRANT flagsmith TO flagsmith_a, flagsmith_b, flagsmith_operator;
ALTER ROLE flagsmith_a SET role = flagsmith;
ALTER ROLE flagsmith_b SET role = flagsmith;
ALTER ROLE flagsmith_operator SET role = flagsmith;
ALTER ROLE flagsmith_a SET statement_timeout = :'limit';
ALTER ROLE flagsmith_b SET statement_timeout = :'limit';
GRANT pg_monitor TO flagsmith_metrics;
-- As many as their programs need, twice in a rolling update, and one for a person: part of the connection budget.
ALTER ROLE flagsmith_metrics LOGIN CONNECTION LIMIT 3;
ALTER ROLE flagsmith_audit LOGIN CONNECTION LIMIT 3;
ALTER ROLE flagsmith_analytics LOGIN CONNECTION LIMIT 3;
-- It has no password, and only the server's own socket takes it without one.
ALTER ROLE flagsmith_operator LOGIN;
ALTER ROLE flagsmith_metrics SET default_transaction_read_only = on;
ALTER ROLE flagsmith_analytics SET default_transaction_read_only = on;
ALTER ROLE flagsmith_metrics SET statement_timeout = '30s';
ALTER ROLE flagsmith_audit SET statement_timeout = '30s';
ALTER ROLE flagsmith_analytics SET statement_timeout = '30s';
-- No reader runs what flagsmith made. The settings of a role count more than those of a database, which are its owner's.
SELECT format('ALTER ROLE %I SET %s', reader, setting)
    FROM unnest(ARRAY['flagsmith_metrics', 'flagsmith_audit', 'flagsmith_analytics']) reader,
        unnest(ARRAY['search_path = pg_catalog, pg_temp', 'row_security = off',
            'restrict_nonsystem_relation_kind = ''view, foreign-table''']) setting \gexec
SQL

if [ -n "${LOGIN:-}" ]; then
    set_password "$LOGIN" "$LOGIN_PASSWORD"
    on_server --set=login="$LOGIN" --output=/dev/null <<<'ALTER ROLE :"login" LOGIN;'
else
    # As the application itself, and without options, some of which are the administrator's to set.
    login=$(printf '%s\n' '\getenv url APPLICATION_URL' '\connect :url' 'SELECT session_user;' |
        PGOPTIONS='' on_server) || { echo "The DATABASE_URL of the existing Secret does not log in." >&2; exit 1; }
    case $login in
    flagsmith) on_server --set=limit="$STATEMENT_TIMEOUT" <<<"ALTER ROLE flagsmith SET statement_timeout = :'limit';" ;;
    "$PGUSER") echo "Flagsmith logs in as the superuser $login: make it a role of its own, see docs/secrets.md." ;;
    *)
        on_server --set=login="$login" --set=limit="$STATEMENT_TIMEOUT" --output=/dev/null <<'SQL'
GRANT flagsmith TO :"login";
ALTER ROLE :"login" SET role = flagsmith;
ALTER ROLE :"login" SET statement_timeout = :'limit';
SQL
        ;;
    esac
fi
[ -z "${AUDIT_PASSWORD:-}" ] || set_password flagsmith_audit "$AUDIT_PASSWORD"
[ -z "${ANALYTICS_PASSWORD:-}" ] || set_password flagsmith_analytics "$ANALYTICS_PASSWORD"

own_everything
in_database --output=/dev/null <<'SQL'
SELECT pg_catalog.format('REVOKE ALL ON DATABASE %1$I FROM PUBLIC; GRANT CONNECT ON DATABASE %1$I TO flagsmith_metrics, '
    'flagsmith_audit, flagsmith_analytics', pg_catalog.current_database()) \gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;
-- What a person makes as the administrator must not keep the backups from reading everything.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO flagsmith;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO flagsmith;
SQL
echo "The roles are made, and flagsmith owns the database."
