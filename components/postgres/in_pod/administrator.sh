# Functions for the administrator of the embedded PostgreSQL; read by the scripts beside this one.
#
# PGHOST, PGUSER and PGDATABASE say where. No password is in an argument, a statement or a log: psql takes those of roles on
# its standard input and makes what the server keeps of them itself.
#
# The application owns the database PGDATABASE. There it can make functions and operators named as PostgreSQL's, and settings
# for everybody's sessions (ALTER DATABASE … SET): whatever the administrator ran of that would run as superuser. What a
# connection asks for itself counts more than such settings. So it finds names in pg_catalog alone, and stays who it is.
export PGOPTIONS="-c search_path=pg_catalog,pg_temp -c role=none -c row_security=off -c local_preload_libraries=\
 -c restrict_nonsystem_relation_kind=view,foreign-table -c standard_conforming_strings=on -c default_transaction_read_only=off\
 -c statement_timeout=0"
export PGCLIENTENCODING=UTF8
administrator() { psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 "$@"; }
# In a database of the server's own, where the application can make nothing; and in the application's.
on_server() { administrator --dbname=postgres "$@"; }
in_database() {
    keep_settings || return
    administrator --dbname="$PGDATABASE" "$@"
}
# What everybody may set is as in the server's own database, whatever the release has of it: nothing is the owner's to say,
# such as after what time a session ends. Sessions of in_database ask for it, and what runs beside them once this has run.
keep_settings() {
    local found
    [ -z "${settings_kept:-}" ] || return 0
    found=$(on_server <<'SQL'
-- Its settings are known once it is loaded.
LOAD 'plpgsql';
SELECT string_agg(format(' -c %s=%s', name, regexp_replace(reset_val, '([\\\s])', '\\\1', 'g')), '') FROM pg_settings
    WHERE context = 'user' AND name NOT IN ('application_name', 'client_encoding', 'transaction_deferrable',
        'transaction_isolation', 'transaction_read_only');
SQL
    ) || return
    export PGOPTIONS="$PGOPTIONS$found" settings_kept=yes
}
set_password() { # set_password ROLE PASSWORD
    local said
    # What psql makes of it is in the statement, which the server shows to who reads its statistics, and may log.
    local hidden="-c track_activities=off -c log_statement=none -c log_min_error_statement=panic \
        -c log_min_duration_statement=-1 -c pg_stat_statements.track_utility=off"
    # Without a terminal of its own, psql reads standard input; the prompt is no news.
    said=$(printf '%s\n%s\n' "$2" "$2" | PGOPTIONS="$PGOPTIONS $hidden" setsid --wait \
        psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=postgres --command="\\password $1" 2>&1) ||
        { echo "The password of $1 cannot be set: $said" >&2; return 1; }
}
# The server may restart, and the endpoints of its Service come some seconds after it is ready.
wait_for_server() {
    local seconds=${WAIT_SECONDS:-120}
    local ends=$((SECONDS + seconds))
    until pg_isready --quiet --timeout=2; do
        if [ "$SECONDS" -ge "$ends" ]; then
            echo "PostgreSQL at $PGHOST:$PGPORT did not answer within $seconds s." >&2
            return 1
        fi
        sleep 0.5
    done
}
# Log in with PASSWORD; where that is not the server's yet, with PREVIOUS, and make it the server's.
log_in() {
    local said
    wait_for_server
    export PGPASSWORD=$PASSWORD
    said=$(on_server --command="SELECT 1" 2>&1) && return
    case $said in
    *"password authentication failed"*) ;;
    *) echo "$said" >&2; return 1 ;;
    esac
    if [ -n "${PREVIOUS:-}" ] && PGPASSWORD=$PREVIOUS on_server --command="SELECT 1" >/dev/null 2>&1; then
        PGPASSWORD=$PREVIOUS set_password "$PGUSER" "$PASSWORD"
        echo "The administrator's password is that of its Secret now."
        return
    fi
    echo "PostgreSQL refuses the administrator's password of its Secret. Its pod takes that over when it starts:" \
        "\`ff restart -c database\`, then deploy again." >&2
    return 1
}
