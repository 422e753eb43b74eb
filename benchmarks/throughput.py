"""Requests a second of a Flagsmith with a stack's environment, as ratios to one with what the Helm chart sets.

Needed: a Flagsmith that can be started by a command, `wrk`, and an empty PostgreSQL and a Redis on this machine:

    ff env --stack S --show-secrets --postgres URL --redis URL --format json > api.json
    ff env --stack S --show-secrets --postgres URL --format json --component bootstrap > bootstrap.json

Migrate and bootstrap the database with them, then, with Flagsmith's directory as DIR:

    python benchmarks/throughput.py --environment ours=api.json --admin bootstrap.json --directory DIR \
        --set DJANGO_SETTINGS_MODULE=app.settings.production --arguments "--keep-alive 0" \
        -- flagsmith start {arguments} --bind 127.0.0.1:{port} api

`{arguments}` are the words that only our pods give to the command: the Helm chart's start without them.

All servers run at a time, on free ports of the loopback interface, and are asked in turn, round after round, so that a
machine that gets busier or slower does so for all of them. The first is the base of the ratios; what is printed is the
median of the rounds. What the project holds is in `project.py`. With `--base-jit` the base has PostgreSQL's own
default, just-in-time compilation.
"""

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import quote

import httpx
from project import Keys, prepare

BASE = "Helm chart's defaults"
CONNECTIONS, WARM_UP_SECONDS, USERS = 16, 2, 100
START_SECONDS, STOP_SECONDS = 90, 40
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}

Environment = dict[str, str]


@dataclass(frozen=True)
class Endpoint:
    """What is asked for, with which kind of key; `script` is Lua for wrk."""

    name: str
    path: str
    server_side: bool = False
    script: str = ""


ENDPOINTS = (
    Endpoint("`/flags/`", "/api/v1/flags/"),
    Endpoint("`/identities/` GET", "/api/v1/identities/?identifier=user-1"),
    Endpoint(
        f"`/identities/` GET, {USERS} users in turn",
        "/api/v1/identities/",
        script=f"""
            local n = 0
            request = function()
                n = n + 1
                return wrk.format("GET", "/api/v1/identities/?identifier=user-" .. n % {USERS})
            end""",
    ),
    Endpoint("`/environment-document/`", "/api/v1/environment-document/", server_side=True),
    Endpoint(
        f"`/identities/` POST with traits, {USERS} users in turn",
        "/api/v1/identities/",
        script=f"""
            local n = 0
            wrk.headers["Content-Type"] = "application/json"
            request = function()
                n = n + 1
                local traits = '[{{"trait_key": "plan", "trait_value": "premium"}}]'
                local body = string.format('{{"identifier": "user-%d", "traits": %s}}', n % {USERS}, traits)
                return wrk.format("POST", nil, nil, body)
            end""",
    ),
    Endpoint("`/health/liveness/`, the ceiling", "/health/liveness/"),
)


@dataclass(frozen=True)
class Measured:
    """One endpoint under load: requests a second, and the 99th percentile in milliseconds."""

    rate: float
    p99: float


def helm_defaults(environment: Environment, *, jit: bool) -> Environment:
    """`environment` without its caches and with the chart's gunicorn: all else is the same, so as to compare these."""
    kept = {name: value for name, value in environment.items() if "CACHE" not in name and name != "REDIS_URL"}
    url = kept["DATABASE_URL"]
    if jit:
        url += ("&" if "?" in url else "?") + f"options={quote('-c jit=on')}"
    return {**kept, "DATABASE_URL": url, "GUNICORN_WORKERS": "3", "GUNICORN_THREADS": "2"}


@contextmanager
def flagsmith(
    command: list[str], arguments: list[str], directory: Path, environment: Environment
) -> Iterator[httpx.Client]:
    """A running Flagsmith; `arguments` stand in for `{arguments}`."""
    words = [other for word in command for other in (arguments if word == "{arguments}" else [word])]
    host = environment["DJANGO_ALLOWED_HOSTS"].split(",")[0]
    with serving(words, directory, environment, host=host, ready="/health/liveness/") as client:
        yield client


@contextmanager
def serving(
    command: list[str], directory: Path, environment: Environment, *, host: str = "localhost", ready: str
) -> Iterator[httpx.Client]:
    """A running server, once it answers at `ready`; `{port}` is a free port, in its variables too.

    It is stopped by its own process id in any case.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [word.replace("{port}", str(port)) for word in command]
    with tempfile.TemporaryDirectory() as scratch, (Path(scratch) / "log").open("w+") as log:
        given = {name: value.replace("{port}", str(port)) for name, value in environment.items()}
        variables = {"PATH": os.environ["PATH"], **given, "PROMETHEUS_MULTIPROC_DIR": scratch}
        process = subprocess.Popen(words, cwd=directory, env=variables, stdout=log, stderr=subprocess.STDOUT)
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Host": host}, trust_env=False, timeout=START_SECONDS
        )
        try:
            _wait_until_ready(process, client, ready, Path(log.name))
            yield client
        finally:
            client.close()
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], client: httpx.Client, path: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get(path).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    sys.exit(f"The server did not start:\n{log.read_text()[-2000:]}")


def measure(client: httpx.Client, endpoint: Endpoint, keys: Keys, seconds: int) -> Measured:
    """One run of wrk after a warm-up; anything but answers with a status below 400 ends the benchmark."""
    _wrk(client, endpoint, keys, WARM_UP_SECONDS)
    output = _wrk(client, endpoint, keys, seconds)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", output)
    if rate is None or p99 is None or not float(rate[1]) or "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"{endpoint.path} was not answered as it should be:\n{output}")
    return Measured(float(rate[1]), float(p99[1]) * MILLISECONDS[p99[2]])


def _wrk(client: httpx.Client, endpoint: Endpoint, keys: Keys, seconds: int) -> str:
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s", "--latency"]
    command += ["--timeout", "10s", "--header", f"Host: {client.headers['Host']}"]
    command += ["--header", f"X-Environment-Key: {keys.server if endpoint.server_side else keys.client}"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(endpoint.script)
        script.flush()
        command += ["--script", script.name] if endpoint.script else []
        command.append(str(client.base_url.join(endpoint.path)))
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout


def table(results: Mapping[str, Mapping[str, Sequence[Measured]]]) -> str:
    """The medians in Markdown, each with the median of its ratios to the first."""
    base = next(iter(results.values()))
    lines = ["| | " + " | ".join(results) + " |", "|---" * (len(results) + 1) + "|"]
    for endpoint in (endpoint for endpoint in ENDPOINTS if endpoint.name in base):
        cells = [_cell(found[endpoint.name], base[endpoint.name]) for found in results.values()]
        lines.append(f"| {endpoint.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(found: Sequence[Measured], base: Sequence[Measured]) -> str:
    ratio = median(one.rate / other.rate for one, other in zip(found, base, strict=True))
    rate, p99 = median(one.rate for one in found), median(one.p99 for one in found)
    return f"{rate:,.0f} rps, p99 {p99:,.0f} ms, **{ratio:.1f}x**"


def main() -> None:
    """Measure the base and then each environment."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", action="append", required=True, metavar="NAME=FILE")
    parser.add_argument("--admin", type=Path, required=True, metavar="FILE")
    parser.add_argument("--directory", type=Path, required=True, metavar="DIR")
    parser.add_argument("--set", action="append", default=[], metavar="VARIABLE=VALUE", dest="variables")
    parser.add_argument("--arguments", default="", help="of the command, for all but the base")
    parser.add_argument("--seconds", type=int, default=5, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--base-jit", action="store_true")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    arguments = options.arguments.split()
    common = dict(item.split("=", 1) for item in options.variables)
    admin = json.loads(options.admin.read_text())
    given = dict(item.split("=", 1) for item in options.environment)
    environments = {name: {**json.loads(Path(file).read_text()), **common} for name, file in given.items()}
    first = next(iter(environments.values()))
    environments = {BASE: helm_defaults(first, jit=options.base_jit), **environments}
    results: dict[str, dict[str, list[Measured]]] = {name: {} for name in environments}
    with ExitStack() as servers:
        clients = {
            name: servers.enter_context(
                flagsmith(options.command, [] if name == BASE else arguments, options.directory, environment)
            )
            for name, environment in environments.items()
        }
        keys = {name: prepare(client, admin) for name, client in clients.items()}
        for endpoint in ENDPOINTS:
            for _ in range(options.rounds):
                for name, client in clients.items():
                    measured = measure(client, endpoint, keys[name], options.seconds)
                    results[name].setdefault(endpoint.name, []).append(measured)
            print(f"measured: {endpoint.name}", file=sys.stderr)
    print(table(results))


if __name__ == "__main__":
    main()
