# Pipes in $WORK between two containers of a pod that are side by side; read by the scripts beside this one.
#
# open_pipe NAME reader gives descriptor 6, open_pipe NAME writer descriptor 7, once the other container is there: each opens
# the pipe for both first, which never waits, says so in a file, and keeps its own end when it sees the other's. After that,
# whoever dies is noticed at once: the reader comes to an end, the writer to a broken pipe.
open_pipe() {
    local pipe=$WORK/$1 other=writer seconds=${PEER_SECONDS:-900} ends
    ends=$((SECONDS + seconds))
    [ "$2" = reader ] || other=reader
    mkfifo "$pipe" 2>/dev/null || [ -p "$pipe" ]
    exec 5<>"$pipe"
    : >"$pipe.$2"
    until [ -e "$pipe.$other" ]; do
        [ "$SECONDS" -lt "$ends" ] || { echo "The container at the other end of $1 has not begun in $seconds s." >&2; exit 1; }
        sleep 0.1
    done
    if [ "$2" = reader ]; then exec 6<"$pipe"; else exec 7>"$pipe"; fi
    exec 5>&-
}
