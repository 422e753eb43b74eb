"""The dashboards of a stack with everything, and a real Prometheus that holds the recorded scrapes."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from components.monitoring.dashboards.build import documents
from components.monitoring.dashboards.model import Dashboard, Facts
from components.settings.sections.monitoring.thresholds import Thresholds
from tests.metrics import scrapes
from tests.servers import LOOPBACK, free_port

EVERYTHING = Facts(
    namespace="feature-flags",
    thresholds=Thresholds(),
    runbook_url="https://wiki.example.com/runbook.md",
    backup_max_age_hours=30,
    embedded_postgres=True,
    postgres_metrics=True,
    redis_metrics=True,
    flag_metrics=True,
    audit_export=True,
    rollouts=True,
    edge=True,
    edge_stale_seconds=300,
    cluster="flagsmith-pg",
    instances=3,
    archives=True,
)
NOW = 1_795_550_000
"""When the scrapes are taken to end: the autumn of 2026, when they were recorded."""

SAMPLES, SECONDS_BETWEEN = 12, 60
# The proxies are to Kubernetes what the API's pods are: its series of these, under the other names.
OF_THE_API = re.compile(r'pod="flagsmith-[0-9a-f]+-[a-z0-9]{5}"|deployment="flagsmith"')
AS_THE_EDGE = (
    (re.compile(r'(pod|deployment)="flagsmith(?=[-"])'), r'\1="flagsmith-edge'),
    (re.compile(r'container="flagsmith"'), 'container="edge-proxy"'),
)
OF_A_POD = r'pod="flagsmith-[0-9a-f]+-[a-z0-9]{5}"'
SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
# Grows, as nothing happens between a scrape and its copy; all but gauges may.
COUNTER = re.compile(
    r".*(_total|_count|_sum|_bucket|_hit|_read|_commit|_rollback|_fetched|_inserted|_updated|_deleted)"
)


@pytest.fixture(scope="session")
def boards() -> dict[Dashboard, dict[str, Any]]:
    return {which: json.loads(text) for which, text in documents(EVERYTHING).items()}


def series(exporter: str, text: str, step: int) -> Iterator[str]:
    """A scrape's samples in OpenMetrics at one step of time, with the labels of its target, one for each exporter."""
    at = NOW - (SAMPLES - 1 - step) * SECONDS_BETWEEN
    for line in text.splitlines():
        found = SAMPLE.match(line)
        if found is None:
            continue
        name, labels, value = found[1], found[2] or "", float(found[3])
        of = {**(OF_A_SERVER if name.startswith("cnpg_") else TARGET), "instance": exporter}
        target = [f'{key}="{given}"' for key, given in of.items() if not re.search(rf"(^|,){key}=", labels)]
        grown = value * (1 + step / 10) if COUNTER.fullmatch(name) else value
        yield f"{name}{{{','.join([*filter(None, [labels.rstrip(',')]), *target])}}} {grown} {at}"


TARGET = {"namespace": "feature-flags", "pod": "flagsmith-0", "container": "flagsmith"}
OF_A_SERVER = {**TARGET, "pod": "flagsmith-pg-1", "container": "postgres"}


def edge_series(text: str) -> str:
    """What Kubernetes says of the API's pods, as it would say it of the edge's."""
    found = [line for line in text.splitlines() if OF_THE_API.search(line) and line.startswith(("kube_", "container_"))]
    for pattern, name in AS_THE_EDGE:
        found = [pattern.sub(name, line) for line in found]
    return "\n".join(found)


def cluster_series(text: str) -> str:
    """What Kubernetes says of a pod of the API, as it would say it of a Cluster's first server."""
    ready = (line for line in text.splitlines() if line.startswith("kube_pod_status_ready"))
    found = [re.sub(OF_A_POD, 'pod="flagsmith-pg-1"', line) for line in ready if re.search(OF_A_POD, line)]
    return "\n".join(found[:2])


@dataclass(frozen=True)
class Prometheus:
    """A client of a real one."""

    client: httpx.Client

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression has at the time of the scrapes. Fails where it is refused."""
        answer = self.client.post("/api/v1/query", data={"query": expression, "time": str(NOW)}).json()
        assert answer["status"] == "success", f"{expression}: {answer.get('error')}"
        return list(answer["data"]["result"])


@pytest.fixture(scope="session", params=[False, True], ids=["deployed", "newer"])
def prometheus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Debian's, with all recorded scrapes in its storage: of the exporters that are deployed, or of newer ones."""
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed: sudo apt-get install prometheus")
    place = tmp_path_factory.mktemp("prometheus")
    found = [(path.stem, path.read_text(encoding="utf-8")) for path in scrapes(newer=request.param)]
    assert len(found) >= 6
    found += [(stem, made(text)) for stem, text in found for made in (edge_series, cluster_series)]
    lines = [line for step in range(SAMPLES) for stem, text in found for line in series(stem, text, step)]
    (place / "scrapes").write_text("\n".join([*lines, "# EOF", ""]), encoding="utf-8")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(place / "scrapes"), str(place / "data")]
    subprocess.run(command, check=True, capture_output=True)
    (place / "prometheus.yml").write_text("{}\n", encoding="utf-8")
    port = free_port()
    with (
        (place / "log").open("w", encoding="utf-8") as log,
        subprocess.Popen(
            [
                "prometheus",
                f"--config.file={place / 'prometheus.yml'}",
                f"--storage.tsdb.path={place / 'data'}",
                "--storage.tsdb.retention.time=100y",
                f"--web.listen-address={LOOPBACK}:{port}",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
        httpx.Client(base_url=f"http://{LOOPBACK}:{port}", trust_env=False) as client,
    ):
        try:
            _await_ready(process, client, place / "log")
            yield Prometheus(client)
        finally:
            process.terminate()
            process.wait(30)


def _await_ready(process: "subprocess.Popen[bytes]", client: httpx.Client, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            if client.get("/-/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8"))
