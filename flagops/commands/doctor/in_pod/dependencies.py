"""Looks around from an API pod: the database and Redis it is told to use, and the time.

Argument: the environment variable with a cache's location, empty where there is no Redis. Prints one JSON document.
"""

import json
import os
import socket
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import redis

SECONDS = 3
RESOLUTION = ("could not translate host name", "name or service not known", "name resolution", "nodename nor servname")
FULL = ("too many clients", "remaining connection slots", "too many connections")
LIMITS = """
    SELECT extract(epoch FROM clock_timestamp()), current_setting('max_connections')::int,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
"""
# The first that notes by which version of a library a database's text is sorted.
FIRST_WITH_VERSIONS = 150000
COLLATION = """
    SELECT datname, datcollversion, pg_database_collation_actual_version(oid) FROM pg_database
    WHERE datname = current_database() AND datcollversion <> pg_database_collation_actual_version(oid)
"""


def database() -> dict[str, Any]:
    """How the database answers."""
    url = os.environ["DATABASE_URL"]
    place = urlsplit(url)
    seen = {"host": f"{place.hostname}:{place.port or 5432}"}
    try:
        connection = psycopg2.connect(url, connect_timeout=SECONDS)
    except psycopg2.Error as error:
        return {**seen, "state": of_database(str(error)), "error": one_line(error)}
    try:
        with connection.cursor() as cursor:
            cursor.execute(LIMITS)
            asked = time.time()
            ((moment, limit, used),) = cursor.fetchall()
            collation = None
            if connection.server_version >= FIRST_WITH_VERSIONS:
                cursor.execute(COLLATION)
                collation = cursor.fetchone()
    except psycopg2.Error as error:
        return {**seen, "state": "error", "error": one_line(error)}
    finally:
        connection.close()
    facts = {"time": float(moment), "asked": asked, "limit": limit, "used": used, "collation": collation}
    return {**seen, "state": "ok", **facts}


def of_database(text: str) -> str:
    """What a refused connection means, of which libpq tells no more than its text."""
    lowered = text.lower()
    if any(words in lowered for words in RESOLUTION):
        return "dns"
    if "password authentication failed" in lowered or "no password supplied" in lowered:
        return "password"
    return "full" if any(words in lowered for words in FULL) else "down"


def cache(url: str) -> dict[str, Any]:
    """How Redis answers, with more patience than Flagsmith has."""
    pool = redis.ConnectionPool.from_url(url)
    options = pool.connection_kwargs
    options.update(socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
    place = options.get("host", "localhost"), options.get("port", 6379)
    seen = {"host": "{}:{}".format(*place)}
    try:
        # Asked first: redis-py has one error for a server that takes no connection and for one that says nothing in it.
        socket.create_connection(place, timeout=SECONDS).close()
    except socket.gaierror as error:
        return {**seen, "state": "dns", "error": str(error)}
    except OSError as error:
        return {**seen, "state": "down", "error": str(error)}
    client = redis.Redis(connection_pool=pool)
    try:
        client.ping()
        started = time.perf_counter()
        client.ping()
        return {**seen, "state": "ok", "milliseconds": (time.perf_counter() - started) * 1000}
    except redis.AuthenticationError as error:
        return {**seen, "state": "password", "error": str(error)}
    except redis.TimeoutError as error:
        return {**seen, "state": "hung", "error": f"{error} (waited {SECONDS} s)"}
    except redis.RedisError as error:
        return {**seen, "state": "down", "error": str(error)}


def one_line(error: Exception) -> str:
    """A message that has several lines, as one."""
    return " ".join(str(error).split()) or type(error).__name__


def main() -> None:
    """Look, and print."""
    variable = sys.argv[1]
    answer = {"database": database(), "redis": cache(os.environ[variable]) if variable else None, "time": time.time()}
    print(json.dumps(answer))


main()
