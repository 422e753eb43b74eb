"""IPv6: where each server listens, and what Django takes for its own address."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.http.request import split_domain_port, validate_host

from components.flagsmith.environment import allowed_hosts
from components.rollouts.rollouts import PACKAGE
from components.rollouts.rollouts import SCRIPTS as ROLLOUTS
from tests.components.settings.support import refusal, settings
from tests.in_pod import SHARED
from tests.recording import ROOT, all_containers, container, environment, pod_templates
from tests.servers import free_port
from tests.worlds.stacks import NAMES, stack

IPV6: dict[str, Any] = {"ipFamily": "IPv6"}
POD = "fd00:10:244::1a"
SCRIPTS = {
    "flagsmith-audit-exporter": "components/audit/in_pod/export_audit.py",
    "flagsmith-flag-metrics": "components/flag_metrics/in_pod/flag_metrics.py",
    "flagsmith-edge-metrics": "components/edge_metrics/in_pod/edge_metrics.py",
    "flagsmith-rollouts": "components/rollouts/in_pod/runner.py",
}


@pytest.mark.parametrize(
    ("family", "address", "header"), [("IPv4", "10.0.0.7", "10.0.0.7:8000"), ("IPv6", POD, f"[{POD}]:8000")]
)
def test_django_answers_the_address_of_its_own_pod(family: str, address: str, header: str) -> None:
    """By Django's own comparison: what the kubelet and Prometheus send as Host is the address with its port."""
    hosts = [host.replace("$(POD_IP)", address) for host in allowed_hosts(["flags.example.com"], "flags", family)]
    domain, port = split_domain_port(header)
    assert port == "8000"
    assert validate_host(domain, hosts)
    bare = [host.strip("[]") for host in hosts]
    assert validate_host(domain, bare) is (family == "IPv4")


@pytest.mark.parametrize("name", NAMES)
def test_no_server_is_told_to_listen_on_ipv4_alone(name: str) -> None:
    for pod, template in pod_templates(stack(name, **IPV6)):
        for item in all_containers(template):
            said = [
                *item.get("command", ()),
                *item.get("args", ()),
                *(str(v.get("value")) for v in item.get("env", ())),
            ]
            assert not [text for text in said if "0.0.0.0" in text], pod  # noqa: S104


def test_each_of_flagsmiths_servers_binds_to_every_address() -> None:
    for name in ("flagsmith", "flagsmith-task-processor"):
        words = container(stack("production", **IPV6).one("Deployment", name)["spec"]["template"])["args"]
        assert words[:3] == ["start", "--bind", "[::]:8000"]
        assert "--bind" not in container(stack("production").one("Deployment", name)["spec"]["template"])["args"]
    edge = environment(stack("in-cluster", **IPV6).one("Deployment", "flagsmith-edge")["spec"]["template"])
    assert '"host": "::"' in edge["SERVER"]


def test_the_platforms_own_programs_are_told_and_do_so() -> None:
    for deployment in SCRIPTS:
        template = stack("in-cluster", **IPV6).one("Deployment", deployment)["spec"]["template"]
        assert environment(template)["LISTEN_FAMILY"] == "IPv6"
        assert "LISTEN_FAMILY" not in environment(stack("in-cluster").one("Deployment", deployment)["spec"]["template"])


def answers(address: str, port: int) -> bool:
    """Whether a server answers there."""
    host = f"[{address}]" if ":" in address else address
    try:
        return httpx.get(f"http://{host}:{port}/metrics", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


def started(script: str, place: Path) -> list[str]:
    """The command that runs a script; one with files of its own beside it is a package in `place`."""
    path = ROOT / script
    if path.parent != ROLLOUTS[0].parent:
        return [sys.executable, str(path)]
    (place / PACKAGE).symlink_to(path.parent)
    return [sys.executable, "-m", f"{PACKAGE}.{path.stem}"]


@pytest.mark.parametrize(("deployment", "script"), SCRIPTS.items())
@pytest.mark.parametrize(("family", "address", "other"), [("IPv6", "::1", None), ("IPv4", "127.0.0.1", "::1")])
def test_a_program_is_reached_by_the_family_that_it_is_told(
    deployment: str, script: str, family: str, address: str, other: str | None, tmp_path: Path
) -> None:
    """As its pod runs it; the database and the proxies are away, which none of them waits for."""
    template = stack("in-cluster", ipFamily=family).one("Deployment", deployment)["spec"]["template"]
    port = free_port()
    away = {"DATABASE_URL": "postgresql://u:p@127.0.0.1:9/d", "HOST": "127.0.0.1", "SINK": "stdout"}
    told = {name: value for name, value in environment(template).items() if isinstance(value, str)}
    given = {**told, **away, "PORT": str(port), "METRICS_PORT": str(port), "PATH": os.environ["PATH"]}
    given |= {"TMPDIR": str(tmp_path), "PYTHONPATH": f"{SHARED}:{tmp_path}", "PYTHONDONTWRITEBYTECODE": "1"}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(started(script, tmp_path), env=given, stdout=log, stderr=log, cwd=tmp_path)
    try:
        ends = time.monotonic() + 60
        while not answers(address, port):
            assert process.poll() is None, (tmp_path / "log").read_text("utf-8")
            assert time.monotonic() < ends
            time.sleep(0.1)
        assert other is None or not answers(other, port)
    finally:
        process.kill()
        process.wait()


def test_every_server_of_the_scripts_asks_which_family() -> None:
    """Another server that somebody writes listens on IPv4 alone, unless it says so too."""
    serving = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "components").rglob("in_pod/*.py"))
        if re.search(r"\bWSGIServer\b|HTTPServer\b|\.bind\(|start_http_server", path.read_text(encoding="utf-8"))
    ]
    assert serving == sorted(SCRIPTS.values())


def test_releases_that_listen_on_ipv4_alone_are_refused() -> None:
    (line,) = refusal(**IPV6, version="2.252.0")
    assert line == (
        'feature-flags:ipFamily = "IPv6": needs Flagsmith 2.253.0 or newer: older images listen only on IPv4. '
        "Raise version"
    )
    assert settings(**IPV6, version="2.253.0").release.serve[1:3] == ("--bind", "[::]:8000")
