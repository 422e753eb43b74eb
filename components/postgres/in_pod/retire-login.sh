# Takes the log-in from the role whose turn is over. Runs as `bash -c` in PostgreSQL's image, after administrator.sh, once
# all pods log in as LOGIN.
set -euo pipefail

log_in
case $LOGIN in
flagsmith_a) other=flagsmith_b ;;
*) other=flagsmith_a ;;
esac
can_log_in=$(on_server --command="SELECT rolcanlogin FROM pg_roles WHERE rolname = '$other'")
if [ "$can_log_in" != t ]; then
    echo "Flagsmith logs in as $LOGIN, and $other cannot."
    exit
fi
# Pods on their way out answer for as long as they may take to stop, and may open connections until then.
sleep "$GRACE_SECONDS"
# One of the task processor finishes what it has taken; its threads keep their connections meanwhile.
ends=$((SECONDS + WORKER_SECONDS))
while [ "$SECONDS" -lt "$ends" ]; do
    left=$(on_server --command="
        SELECT count(*) FROM pg_stat_activity
        WHERE usename = '$other' AND application_name NOT IN ('flagsmith-backup', 'pg_dump')")
    if [ "$left" = 0 ]; then break; fi
    sleep 2
done
# A backup or a restore at work is left alone.
on_server --output=/dev/null --command="
    ALTER ROLE $other NOLOGIN PASSWORD NULL" --command="
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE usename = '$other' AND application_name NOT IN ('flagsmith-backup', 'pg_dump')"
echo "Flagsmith logs in as $LOGIN; $other no longer can."
