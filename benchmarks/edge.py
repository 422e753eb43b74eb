"""Requests a second of an Edge Proxy with what a stack's pods of the edge are told, as ratios to the API's.

Needed: what `throughput.py` needs, Flagsmith's Edge Proxy in a virtual environment of its own (its source, with its
`requirements.lock`), and the rendered stack with `edge.enabled`:

    ff render --stack S --out DIRECTORY

    python benchmarks/edge.py --environment ours=api.json --admin bootstrap.json --directory DIR \
        --set DJANGO_SETTINGS_MODULE=app.settings.production --arguments "--keep-alive 0" \
        --edge edge-proxy-serve --rendered DIRECTORY [--many] \
        -- flagsmith start {arguments} --bind 127.0.0.1:{port} api

One server of each kind, all at a time, asked in turn as `throughput.py` does; the base has the Helm chart's defaults.
The proxy polls the server with the stack's environment, while it is measured too. With `--many` the project has 750
overrides, each of 50 flags in each of 15 segments.
"""

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml
from project import Keys, prepare
from throughput import BASE, ENDPOINTS, Environment, Measured, flagsmith, helm_defaults, measure, serving, table

from components.kit.names import EDGE

# One user alone would be in every cache.
SERVED = [one for one in ENDPOINTS if one.path == "/api/v1/flags/" or one.name.endswith("users in turn")]
PROXY = "one proxy of the edge"


def edge_environment(rendered: Path, api: str, keys: Keys) -> Environment:
    """What the pods of the edge in rendered manifests are told, but for where the API is, their keys and their port."""
    documents = (one for file in rendered.rglob("*.yaml") for one in yaml.safe_load_all(file.read_text()) if one)
    edge = next(one for one in documents if one["kind"] == "Deployment" and one["metadata"]["name"] == EDGE)
    [container] = edge["spec"]["template"]["spec"]["containers"]
    told = {variable["name"]: variable["value"] for variable in container["env"] if "value" in variable}
    pairs = [{"server_side_key": keys.server, "client_side_key": keys.client}]
    # `{port}` stands for a number, so it can be put in where the text is JSON already.
    server: dict[str, Any] = {**json.loads(told["SERVER"]), "host": "127.0.0.1", "port": "{port}"}
    return {
        **told,
        "ENVIRONMENT_KEY_PAIRS": json.dumps(pairs),
        "API_URL": f"{api.rstrip('/')}/api/v1",
        "SERVER": json.dumps(server),
    }


def main() -> None:
    """Measure the base, each environment, and a proxy in front of the last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", action="append", required=True, metavar="NAME=FILE")
    parser.add_argument("--admin", type=Path, required=True, metavar="FILE")
    parser.add_argument("--directory", type=Path, required=True, metavar="DIR")
    parser.add_argument("--set", action="append", default=[], metavar="VARIABLE=VALUE", dest="variables")
    parser.add_argument("--arguments", default="", help="of the command, for all but the base")
    parser.add_argument("--edge", required=True, metavar="COMMAND")
    parser.add_argument("--rendered", type=Path, required=True, metavar="DIR", help="with the edge")
    parser.add_argument("--many", action="store_true", help="750 overrides")
    parser.add_argument("--seconds", type=int, default=5, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    common = dict(item.split("=", 1) for item in options.variables)
    admin = json.loads(options.admin.read_text())
    given = dict(item.split("=", 1) for item in options.environment)
    environments = {name: {**json.loads(Path(file).read_text()), **common} for name, file in given.items()}
    environments = {BASE: helm_defaults(next(iter(environments.values())), jit=False), **environments}
    results: dict[str, dict[str, list[Measured]]] = {}
    with ExitStack() as servers:
        clients = {}
        for name, environment in environments.items():
            arguments = [] if name == BASE else options.arguments.split()
            clients[name] = servers.enter_context(flagsmith(options.command, arguments, options.directory, environment))
        last = list(clients.values())[-1]
        keys = prepare(last, admin, many=options.many)
        proxy = edge_environment(options.rendered, str(last.base_url), keys)
        clients[PROXY] = servers.enter_context(
            serving([options.edge], Path.cwd(), proxy, ready="/proxy/health/readiness")
        )
        for endpoint in SERVED:
            for _ in range(options.rounds):
                for name, client in clients.items():
                    measured = measure(client, endpoint, keys, options.seconds)
                    results.setdefault(name, {}).setdefault(endpoint.name, []).append(measured)
            print(f"measured: {endpoint.name}", file=sys.stderr)
    print(table(results))


if __name__ == "__main__":
    main()
