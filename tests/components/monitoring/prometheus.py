"""A real Prometheus that scrapes real exporters and has the rules of a stack, and promtool on what they say."""

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.components.monitoring.alerts.promtool import FRUGAL
from tests.metrics import LABEL, SAMPLE
from tests.servers import LOOPBACK, free_port

Rule = dict[str, Any]
MINUTES = 60


@dataclass(frozen=True)
class Prometheus:
    """A client of it."""

    client: httpx.Client
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        """Its address."""
        return str(self.client.base_url).rstrip("/")

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression has now; none while it starts."""
        try:
            answer = self.client.get("/api/v1/query", params={"query": expression})
        except httpx.TransportError:
            return []
        return list(answer.json()["data"]["result"]) if answer.is_success else []

    def forget(self, metric: str) -> None:
        """Delete the series of a metric, as if they had never been."""
        self.client.post("/api/v1/admin/tsdb/delete_series", params={"match[]": metric}).raise_for_status()

    def firing(self) -> set[str]:
        """The alerts that fire."""
        alerts = self.client.get("/api/v1/alerts").json()["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}


def _at_once(rules: list[Rule]) -> dict[str, Any]:
    """Rules that fire at once instead of after minutes."""
    made = [{key: value for key, value in rule.items() if key != "for"} for rule in rules]
    return {"groups": [{"name": "tried", "interval": "1s", "rules": made}]}


@contextmanager
def watching(
    program: str, place: Path, rules: list[Rule], targets: Mapping[str, str], seconds: int
) -> Iterator[Prometheus]:
    """A Prometheus that scrapes `targets` (addresses by component) every `seconds`, with `rules` that fire at once."""
    static = [
        {"targets": [address], "labels": {"namespace": "feature-flags", "component": component}}
        for component, address in targets.items()
    ]
    configuration = {
        "global": {"scrape_interval": f"{seconds}s", "scrape_timeout": f"{seconds}s"},
        "rule_files": ["rules.yaml"],
        "scrape_configs": [{"job_name": "flagsmith", "static_configs": static}],
    }
    (place / "rules.yaml").write_text(yaml.safe_dump(_at_once(rules)), encoding="utf-8")
    (place / "prometheus.yaml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
    port = free_port()
    command = [
        program,
        f"--config.file={place / 'prometheus.yaml'}",
        f"--storage.tsdb.path={place / 'data'}",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--web.enable-admin-api",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://{LOOPBACK}:{port}", trust_env=False, timeout=10) as client:
            _is_ready(client)
            yield Prometheus(client, process)
    finally:
        process.terminate()
        process.wait(timeout=30)


@retry(
    stop=stop_after_delay(60),
    wait=wait_fixed(0.1),
    retry=retry_if_exception_type((httpx.TransportError, httpx.HTTPStatusError)),
    reraise=True,
)
def _is_ready(client: httpx.Client) -> None:
    client.get("/-/ready").raise_for_status()


def series(text: str, component: str) -> Iterator[dict[str, str]]:
    """A scrape as series of promtool's, with their target's labels, that have the same value for an hour."""
    for line in text.splitlines():
        sample = SAMPLE.fullmatch(line)
        if line.startswith("#") or sample is None:
            continue
        own = LABEL.findall(sample["labels"] or "")
        labels = [*own, ("namespace", "feature-flags"), ("component", component), ("pod", component)]
        key = ",".join(f'{name}="{value}"' for name, value in labels)
        value = line[sample.end("name") :].rpartition(" ")[2]
        yield {"series": f"{sample['name']}{{{key}}}", "values": " ".join([value] * (MINUTES + 1))}


def fires_by_promtool(program: str, place: Path, rules: list[Rule], scrapes: Mapping[str, str]) -> set[str]:
    """Which rules, their minutes waited for, promtool finds firing on scrapes (by component) that stay as they are."""
    directory = place / f"promtool-{time.monotonic_ns()}"
    directory.mkdir()
    test = {
        "interval": "1m",
        "input_series": [item for component, text in scrapes.items() for item in series(text, component)],
        # It says what it finds in place of what is expected: here nothing.
        "promql_expr_test": [
            {"expr": 'group by (alertname) (ALERTS{alertstate="firing"})', "eval_time": f"{MINUTES}m"}
        ],
    }
    (directory / "rules.yaml").write_text(
        yaml.safe_dump({"groups": [{"name": "tried", "rules": rules}]}), encoding="utf-8"
    )
    path = directory / "tests.yaml"
    path.write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "tests": [test]}), encoding="utf-8")
    done = subprocess.run(
        [program, "test", "rules", str(path)], capture_output=True, text=True, check=False, timeout=60, env=FRUGAL
    )
    said = done.stdout + done.stderr
    found = set(re.findall(r'\{alertname="(\w+)"\}', said.partition("got:")[2]))
    # Any other mistake is none of a rule that fires.
    assert bool(found) == bool(done.returncode), said
    return found
