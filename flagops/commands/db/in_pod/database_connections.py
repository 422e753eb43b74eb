"""Prints who is connected to the database, by user, client and state, against how many the server takes.

Runs in an API pod, with Flagsmith's own driver and `DATABASE_URL`.
"""

import json
import os

import psycopg2

QUERY = """
    SELECT usename, coalesce(host(client_addr), 'local'), coalesce(application_name, ''), coalesce(state, backend_type),
           count(*), max(extract(epoch FROM now() - state_change))
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4
"""
LIMITS = """
    SELECT current_setting('max_connections')::int, current_setting('superuser_reserved_connections')::int,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
           current_setting('server_version')
"""


def main() -> None:
    """Ask, and print one JSON document."""
    try:
        with (
            psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=5) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(QUERY)
            names = ("user", "client", "application", "state", "count", "longest_seconds")
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            cursor.execute(LIMITS)
            ((limit, reserved, used, version),) = cursor.fetchall()
    except psycopg2.Error as error:
        print(json.dumps({"error": str(error).strip()}))
        return
    answer = {"connections": rows, "limit": limit, "reserved": reserved, "used": used, "version": version}
    print(json.dumps(answer, default=float))


main()
