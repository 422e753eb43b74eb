# Functions for the administrator of the embedded PostgreSQL; read by the scripts beside this one.
#
# PGHOST, PGUSER and PGDATABASE say where. No password is in an argument, a statement or a log: psql takes those of roles on
# its standard input and makes what the server keeps of them itself.
sql() { psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 "$@"; }
set_password() { # set_password ROLE PASSWORD
    local said
    # Without a terminal of its own, psql reads standard input; the prompt is no news.
    said=$(printf '%s\n%s\n' "$2" "$2" |
        setsid --wait psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --command="\\password $1" 2>&1) ||
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
    said=$(sql --command="SELECT 1" 2>&1) && return
    case $said in
    *"password authentication failed"*) ;;
    *) echo "$said" >&2; return 1 ;;
    esac
    if [ -n "${PREVIOUS:-}" ] && PGPASSWORD=$PREVIOUS sql --command="SELECT 1" >/dev/null 2>&1; then
        PGPASSWORD=$PREVIOUS set_password "$PGUSER" "$PASSWORD"
        echo "The administrator's password is that of its Secret now."
        return
    fi
    echo "PostgreSQL refuses the administrator's password of its Secret. Its pod takes that over when it starts:" \
        "\`ff restart -c database\`, then deploy again." >&2
    return 1
}
