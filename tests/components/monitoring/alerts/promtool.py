"""The rules of stacks, the cases of `cases/` beside this, and promtool, which tries one on the other.

Every rule has these cases, and may have more:

- `fires` and `quiet`: the fault, and what is none;
- `absent`: not one series;
- `new`: the series of `of` (`fires` if it says nothing), which begin at the minute `from`;
- `stale`: the series of `of`, which end after the minute `until`, as those of a pod that is gone;
- `ends`: the fault, mended after the minute `mended`: its alert fires then, and no more `within` as many minutes. The
  series are its own, or those of `fires`, which then stay at a number (`then: 1`), stay so (`same`) or end (`gone`);
- any other: its own series, or those of `of`, with `from` and `until` as above.

Each says at which minutes the alert fires (`fires_at`, or `at` in `fires`), at which it does not (`quiet_at`, or `at`
in `quiet`), and of whose alerts (`labels`; those of `fires` if it says nothing). The rule is evaluated each minute, or
after as many as `every` says: a rule that looks back for a day takes long. Series are in promtool's notation, a
sample a minute: `0+60x30` grows by 60 a minute, `0+0x30` stays at 0, `_` is none. In each, NS stands for
namespace="feature-flags".
"""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.recording import record

OPERATOR = {"apiVersions": ["monitoring.coreos.com/v1"]}
STACKS: dict[str, dict[str, object]] = {
    "production": {},
    "an autoscaler and no flag metrics": {
        "autoscaling": {"enabled": True},
        "monitoring": {"flagMetrics": {"enabled": False}},
        "audit": {"export": {"sink": "stdout"}},
    },
    "servers outside the cluster": {
        "postgres": {"mode": "external", "existingSecret": "database", "maxConnections": 200},
        "redis": {"mode": "external", "existingSecret": "cache"},
        "monitoring": {"postgres": {"existingSecret": "metrics"}, "redis": {"existingSecret": "metrics"}},
        "backup": {"enabled": False},
    },
    "a Cluster": {
        "postgres": {"mode": "cloudnativepg", "cluster": {"instances": 3, "backup": {"enabled": True}}},
        "backup": {"s3": {"bucket": "backups", "existingSecret": "s3"}},
        "networkPolicy": {"ingressNamespace": "traefik", "apiServer": ["10.0.0.1/32"]},
        "apiVersions": [*OPERATOR["apiVersions"], "postgresql.cnpg.io/v1", "barmancloud.cnpg.io/v1"],
    },
    "the edge": {"edge": {"enabled": True, "existingSecret": "edge-keys"}},
    "rollouts": {"rollouts": {"enabled": True}},
}
EXPECTED = ("fires", "quiet", "absent", "new", "stale", "ends")
KEYS = {"series", "labels", "at", "fires_at", "quiet_at", "every", "of", "from", "until", "mended", "then", "within"}
"""What a case may say."""


def cases() -> dict[str, dict[str, dict[str, Any]]]:
    """The cases of every alert."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml")):
        more = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        assert not found.keys() & more.keys(), path
        found |= more
    return found


CASES = cases()


@cache
def spec(stack: str) -> dict[str, Any]:
    """The rules of production, some of its settings replaced."""
    return dict(record("production", {**OPERATOR, **STACKS[stack]}).one("PrometheusRule", "flagsmith")["spec"])


def rules_of(stack: str) -> dict[str, dict[str, Any]]:
    """The rules of a stack by name."""
    return {rule["alert"]: rule for group in spec(stack)["groups"] for rule in group["rules"]}


@cache
def rules() -> dict[str, dict[str, Any]]:
    """Every rule by name, as the first stack has it that has one of this name."""
    return {name: rule for stack in reversed(STACKS) for name, rule in rules_of(stack).items()}


def ran(program: Callable[[str, str], str], *arguments: object) -> subprocess.CompletedProcess[str]:
    """What promtool says."""
    words = [program("promtool", "prometheus"), *map(str, arguments)]
    return subprocess.run(words, env=FRUGAL, capture_output=True, text=True, check=False, timeout=120)


def promtool(program: Callable[[str, str], str], *arguments: object) -> str:
    """What promtool says, which must be that all is well."""
    done = ran(program, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


# A fifth less CPU than with a thread for each processor, which look for work, and with less memory.
FRUGAL = {**os.environ, "GOMAXPROCS": "1", "GOGC": "400"}
LONG = 2000
STEP = re.compile(r"(-?[\d.e]+)(?:([+-][\d.e]+))?x(\d+)")


def samples(values: str) -> Iterator[str]:
    """The samples of promtool's notation, one by one."""
    for token in values.split():
        repeated = STEP.fullmatch(token)
        if token.startswith("_"):
            yield from ["_"] * int(token.removeprefix("_x") if "x" in token else 1)
        elif repeated:
            start, step, times = float(repeated[1]), float(repeated[2] or 0), int(repeated[3])
            yield from (f"{start + step * count:.10g}" for count in range(times + 1))
        else:
            yield token


def series(case: Mapping[str, Any], of: Mapping[str, Any]) -> dict[str, str]:
    """The series of a case: its own, or those of the case `of`, begun later or ended earlier."""
    found = {}
    for key, values in case.get("series", of.get("series", {})).items():
        text = str(values)
        if "until" in case:
            text = " ".join([*list(samples(text))[: case["until"] + 1], "stale"])
        if "then" in case:
            before = list(samples(text))[: case["mended"] + 1]
            after = {"same": f"{before[-1]}x{LONG}", "gone": "stale"}.get(case["then"], f"{case['then']}x{LONG}")
            text = " ".join([*before, after])
        if "from" in case:
            text = f"_x{case['from']} {text}"
        found[key.replace("NS", 'namespace="feature-flags"')] = text
    return found


def unit(alert: str, which: str, tried: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A case as a test of promtool's: which series of the alert, or of `tried`, there are at each of its minutes."""
    case, rule = CASES[alert][which], tried or rules()[alert]
    other = CASES[alert][case.get("of", "fires")] if "of" in case or which in {"new", "stale", "ends"} else {}
    fires_at, quiet_at = minutes(alert, which)
    labels = {
        "alertname": rule["alert"],
        "alertstate": "firing",
        "severity": rule["labels"]["severity"],
        **case.get("labels", CASES[alert]["fires"]["labels"]),
    }
    firing = "ALERTS{" + ", ".join(f"{key}={json.dumps(value)}" for key, value in labels.items()) + "}"
    checks = [(at, [{"labels": firing, "value": 1}]) for at in fires_at] + [(at, []) for at in quiet_at]
    return {
        "interval": "1m",
        "input_series": [{"series": key, "values": values} for key, values in series(case, other).items()],
        "promql_expr_test": [
            {
                # The comment is what promtool names a case by that fails.
                "expr": f'ALERTS{{alertname="{rule["alert"]}", alertstate="firing"}} # {alert} {which}',
                "eval_time": f"{at}m",
                "exp_samples": expected,
            }
            for at, expected in checks
        ],
    }


def minutes(alert: str, which: str) -> tuple[list[int], list[int]]:
    """At which minutes an alert fires in a case, and at which it does not."""
    case = CASES[alert][which]
    if which == "ends":
        return [case["mended"]], [case["mended"] + case["within"]]
    at = [case["at"]] if "at" in case else []
    fires = [*case.get("fires_at", []), *(at if which == "fires" else [])]
    return fires, [*case.get("quiet_at", []), *(at if which == "quiet" else [])]


def write(place: Path, rules_: list[dict[str, Any]], units: list[dict[str, Any]], every: int = 1) -> Path:
    """The file with tests of `rules_`, which are evaluated after each `every` minutes and which it lies beside."""
    (place / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "one", "rules": rules_}]}), encoding="utf-8")
    path = place / "tests.yaml"
    tests = {"rule_files": ["rules.yaml"], "evaluation_interval": f"{every}m", "tests": units}
    path.write_text(yaml.safe_dump(tests), encoding="utf-8")
    return path
