"""A Flagsmith with a rollout, and the pod's program as a process of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from flask import Response, request

from components.rollouts.in_pod.declared import Declared, Step
from components.rollouts.in_pod.notes import Description, read, write
from components.rollouts.in_pod.shares import share_of, text_of
from components.rollouts.in_pod.states import Memory, beginning
from components.rollouts.rollouts import PACKAGE, SCRIPTS
from tests.doubles.flagsmith import Flagsmith
from tests.doubles.flagsmith.database import Row
from tests.servers import LOOPBACK, free_port

FLAG, ENVIRONMENT = "search", "production"
SHARES = (1.0, 10.0, 50.0, 100.0)
INTERVAL_SECONDS = 0.1


def steps(*shares: float, lasts: timedelta = timedelta(seconds=1)) -> tuple[Step, ...]:
    """Steps that each last as long; the last one has no end to wait for."""
    return (*(Step(share, lasts) for share in shares[:-1]), Step(shares[-1]))


@dataclass
class Rolling(Flagsmith):
    """A Flagsmith that has one rollout, and knows each share that was written, in their order."""

    shares: list[float] = field(default_factory=list)
    segment: int = 0
    meanwhile: Callable[[str], None] = lambda _: None
    """What happens when a request comes, by its method and path, before it is answered."""

    def before(self) -> Response | tuple[Response, int] | None:
        if f"/segments/{self.segment}/" in request.path:
            self.meanwhile(request.method)
        return super().before()

    def after(self, answered: Response) -> Response:
        if request.method == "PATCH" and f"/segments/{self.segment}/" in request.path and answered.status_code == 200:
            self.shares.append(share_of(answered.get_json()["rules"]))
        return super().after(answered)

    @property
    def token(self) -> str:
        """The administrator's."""
        return str(self.database.rows("users")[0]["token"])

    def declare(self, declared: Declared, share: float = 0) -> None:
        """Make the flag, the segment with its first share, and the override, as `ff flags apply` does."""
        (key,) = self.add_environments(declared.environment).values()
        headers = {"Authorization": f"Token {self.token}"}
        with httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, trust_env=False) as client:
            flag = _made(client, "/projects/1/features/", {"name": declared.flag})
            condition = {"operator": "PERCENTAGE_SPLIT", "property": None, "value": text_of(share)}
            rules = [{"type": "ALL", "conditions": [], "rules": [{"type": "ANY", "conditions": [condition]}]}]
            description = write(
                Description("Who has it.", declared, beginning(share, datetime.now(UTC)), is_marked=True)
            )
            named = {"name": f"{declared.flag}.{declared.environment}", "feature": flag["id"]}
            made = _made(client, "/projects/1/segments/", {**named, "rules": rules, "description": description})
            override = {
                "feature_segment": {"segment": made["id"]},
                "enabled": True,
                "feature_state_value": {"type": "unicode", "string_value": ""},
            }
            _made(client, f"/environments/{key}/features/{flag['id']}/create-segment-override/", override)
        self.segment = int(made["id"])

    def row(self) -> Row:
        """The share's segment."""
        with self.database.lock:
            return dict(self.database.one("segments", id=self.segment))

    def share(self) -> float:
        """The share that is live."""
        return share_of(self.row()["rules"])

    def memory(self) -> Memory | None:
        """What is remembered."""
        return read(self.row()["description"]).memory

    def looks(self) -> int:
        """How often somebody began to look."""
        return self.requests["GET", "/api/v1/projects/"]


def _made(client: httpx.Client, path: str, given: Mapping[str, Any]) -> Any:
    answer = client.post(path, json=given)
    assert answer.is_success, answer.text
    return answer.json()


@dataclass
class Runners:
    """The pod's program, with its files as the pod has them."""

    home: Path
    flagsmith: Rolling
    prometheus: str = ""
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)

    def start(self, **given: str) -> "subprocess.Popen[bytes]":
        """Another one. What it says is in the file `log`."""
        package = self.home / PACKAGE
        package.mkdir(exist_ok=True)
        for script in SCRIPTS:
            shutil.copy(script, package)
        (self.home / "token").write_text(f"{self.flagsmith.token}\n", encoding="utf-8")
        self.ports.append(free_port())
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(self.home),
            "PYTHONDONTWRITEBYTECODE": "1",
            "FLAGSMITH_URL": self.flagsmith.url,
            "TOKEN_FILE": str(self.home / "token"),
            "INTERVAL_SECONDS": str(INTERVAL_SECONDS),
            "PORT": str(self.ports[-1]),
            **({"PROMETHEUS_URL": self.prometheus} if self.prometheus else {}),
            **given,
        }
        with (self.home / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", f"{PACKAGE}.runner"], env=environment, cwd="/", stderr=log
            )
        self.running.append(process)
        return process

    def end(self, process: "subprocess.Popen[bytes]", how: signal.Signals = signal.SIGTERM) -> int:
        """Let one end; its exit code."""
        process.send_signal(how)
        return process.wait(timeout=30)

    def stop(self) -> None:
        """Kill all."""
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.wait(timeout=30)

    def log(self) -> list[dict[str, Any]]:
        """What they said."""
        return [json.loads(line) for line in (self.home / "log").read_text(encoding="utf-8").splitlines()]

    def scrape(self) -> str:
        """What the last one tells Prometheus."""
        return httpx.get(f"http://{LOOPBACK}:{self.ports[-1]}/metrics", trust_env=False, timeout=10).text

    def metrics(self) -> dict[str, float]:
        """The same by series; nothing while it starts."""
        try:
            text = self.scrape()
        except httpx.TransportError:
            return {}
        lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {series: float(value) for series, _, value in lines}
