"""Prints the database's clock, by which it dates the migrations. Runs in an API pod."""

import json
import os

import psycopg2


def main() -> None:
    """Ask, and print one JSON document."""
    try:
        with (
            psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=5) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')")
            ((now,),) = cursor.fetchall()
            print(json.dumps({"now": now}))
    except psycopg2.Error as error:
        print(json.dumps({"error": str(error).strip()}))


main()
