"""Looks at, measures or drops Flagsmith's caches in Redis. Arguments: `info`, `latency` or `flush`, then NAME=VARIABLE.

Runs in an API pod. VARIABLE is the environment variable with a cache's location, which is read as Flagsmith reads it:
with its database, its certificate authority and its time-outs.
"""

import json
import os
import sys
import time
from typing import Any

import redis

PINGS = 50
SERVER = (
    "redis_version",
    "uptime_in_seconds",
    "connected_clients",
    "used_memory",
    "maxmemory",
    "maxmemory_policy",
    "evicted_keys",
    "expired_keys",
    "keyspace_hits",
    "keyspace_misses",
    "rejected_connections",
)


def info(clients: "dict[str, redis.Redis]") -> object:
    """What the server says of itself, and how many keys each cache has."""
    found = next(iter(clients.values())).info()
    caches = {name: {"database": database(client), "keys": client.dbsize()} for name, client in clients.items()}
    return {"server": {name: found[name] for name in SERVER if name in found}, "caches": caches}


def flush(clients: "dict[str, redis.Redis]") -> object:
    """Empties each cache's database; how many keys each had."""
    dropped = {}
    for name, client in clients.items():
        keys = client.dbsize()
        client.flushdb(asynchronous=True)
        dropped[name] = {"database": database(client), "keys": keys}
    return {"dropped": dropped}


def latency(clients: "dict[str, redis.Redis]") -> object:
    """Round trips from this pod, and what the server remembers of slow events."""
    client: Any = next(iter(clients.values()))
    trips = []
    for _ in range(PINGS):
        started = time.perf_counter()
        client.ping()
        trips.append((time.perf_counter() - started) * 1000)
    trips.sort()
    threshold = int(client.config_get("latency-monitor-threshold").get("latency-monitor-threshold", 0))
    events = {
        row[0].decode(): [
            {"time": when, "milliseconds": milliseconds}
            for when, milliseconds in client.execute_command("LATENCY", "HISTORY", row[0])
        ]
        for row in client.execute_command("LATENCY", "LATEST")
    }
    shares = {"median": trips[len(trips) // 2], "p99": trips[int(len(trips) * 0.99)], "max": trips[-1]}
    return {"pings": PINGS, "milliseconds": shares, "threshold_milliseconds": threshold, "events": events}


def database(client: "redis.Redis") -> int:
    """The number of the client's database."""
    return int(client.connection_pool.connection_kwargs.get("db", 0))


def main() -> None:
    """Do what the arguments say, and print one JSON document."""
    action, pairs = sys.argv[1], [pair.split("=", 1) for pair in sys.argv[2:]]
    try:
        clients = {name: redis.Redis.from_url(os.environ[variable]) for name, variable in pairs}
        answer = {"info": info, "flush": flush, "latency": latency}[action](clients)
    except KeyError as error:
        answer = {"error": f"the API's pods have no variable {error}", "hint": "Does the stack run without Redis?"}
    except redis.AuthenticationError as error:
        answer = {"error": f"Redis refuses the password: {error}", "hint": "Restart the API: `ff restart`."}
    except redis.RedisError as error:
        answer = {"error": f"Redis does not answer: {error}"}
    print(json.dumps(answer))


main()
