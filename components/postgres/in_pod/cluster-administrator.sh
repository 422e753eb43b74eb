# What differs where the administrator is no superuser, as in a Cluster of CloudNativePG; read after administrator.sh.
#
# It may make roles and own databases, and gives itself what the roles have that it makes. What it may set for its own
# sessions beyond that, so that no password is logged, the Cluster has given it when it was made.
export PGOPTIONS="$PGOPTIONS -c createrole_self_grant=set,inherit"
# What everybody may set is as in the server's own database; plpgsql is loaded by a block of it, since only a superuser may
# LOAD.
keep_settings() {
    local found
    [ -z "${settings_kept:-}" ] || return 0
    found=$(on_server <<'SQL'
DO 'BEGIN END';
SELECT string_agg(format(' -c %s=%s', name, regexp_replace(reset_val, '([\\\s])', '\\\1', 'g')), '') FROM pg_settings
    WHERE context = 'user' AND name NOT IN ('application_name', 'client_encoding', 'transaction_deferrable',
        'transaction_isolation', 'transaction_read_only');
SQL
    ) || return
    export PGOPTIONS="$PGOPTIONS$found" settings_kept=yes
}
# The operator sets the password of the administrator's Secret, some seconds after that was made or changed.
log_in() {
    local said seconds=${WAIT_SECONDS:-120}
    local ends=$((SECONDS + seconds))
    wait_for_server
    until
        export PGPASSWORD=$PASSWORD
        said=$(on_server --command="SELECT 1" 2>&1)
    do
        if [ -n "${PREVIOUS:-}" ] && PGPASSWORD=$PREVIOUS on_server --command="SELECT 1" >/dev/null 2>&1; then
            PGPASSWORD=$PREVIOUS set_password "$PGUSER" "$PASSWORD" || return
            echo "The administrator's password is that of its Secret now."
            continue
        fi
        if [ "$SECONDS" -ge "$ends" ]; then
            echo "The Cluster did not take the administrator's password of its Secret within $seconds s: $said" >&2
            return 1
        fi
        sleep 1
    done
}
