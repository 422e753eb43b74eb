"""Waits until PostgreSQL lets Flagsmith in, then becomes the command of the arguments. Runs in Flagsmith's image.

`start`, by which Flagsmith's API and task processor are started, asks the database while it loads, and ends when there
is no answer: a pod that starts while PostgreSQL restarts would crash, and wait longer each time before it tries again.
WAIT_SECONDS bounds it; the startup probe gives a pod more.
"""

import os
import sys
import time

import psycopg2


def refusal(url: str) -> str | None:
    """Why the database cannot be used now, without what the URL holds; None when it can."""
    try:
        psycopg2.connect(url).close()
    except psycopg2.OperationalError as error:
        return str(error).strip().replace("\n", " ")
    except psycopg2.Error:
        # No URL that libpq reads. Flagsmith reads some others, and says what is wrong with the rest.
        return None
    return None


def main() -> None:
    """Wait, then hand over."""
    url, command = os.environ["DATABASE_URL"], sys.argv[1:]
    ends = time.monotonic() + float(os.environ["WAIT_SECONDS"])
    said = None
    while (reason := refusal(url)) is not None:
        if time.monotonic() > ends:
            raise SystemExit(f"PostgreSQL did not let Flagsmith in within {os.environ['WAIT_SECONDS']} s: {reason}")
        if reason != said:
            said = reason
            print(f"Waiting for PostgreSQL: {reason}", file=sys.stderr, flush=True)
        time.sleep(0.5)
    os.execvp(command[0], command)  # noqa: S606 - the container's own command


main()
