"""The least memory and CPU: what is below is refused with the amount and the reason, what is just enough is taken."""

import re
from typing import Any

import pytest

from components.settings import warnings
from components.settings.least import Least, least
from components.settings.quantities import MI, format_cpu, format_memory, parse_memory
from components.settings.sizes import SIZES
from tests.components.settings.support import refusal, settings
from tests.recording import ROOT

S3 = {"bucket": "flagsmith-backups", "region": "eu-west-1", "existingSecret": "s3"}
WHOLE: dict[str, Any] = {
    "edge": {"enabled": True},
    "monitoring": {"enabled": True},
    "audit": {"enabled": True},
    "rollouts": {"enabled": True},
    "backup": {"enabled": True, "s3": S3},
}
EMBEDDED: dict[str, Any] = {**WHOLE, "postgres": {"mode": "embedded"}}
CLUSTER: dict[str, Any] = {
    **WHOLE,
    "size": "medium",
    "postgres": {"mode": "cloudnativepg", "cluster": {"backup": {"enabled": True}}},
}
STACKS = {"embedded": EMBEDDED, "cluster": CLUSTER}


def merged(values: dict[str, Any], path: tuple[str, ...], last: object) -> dict[str, Any]:
    """The values with another one at a path."""
    if not path:
        assert isinstance(last, dict)
        return last
    return {**values, path[0]: merged(values.get(path[0], {}), path[1:], last)}


def resources(memory: str, cpu: str) -> dict[str, Any]:
    return {kind: {"memory": memory, "cpu": cpu} for kind in ("requests", "limits")}


def found(stack: str) -> dict[str, Least]:
    return {".".join(item.path): item for item in least(settings(**STACKS[stack]))}


CASES = [(stack, path) for stack in STACKS for path in found(stack)]


def test_every_setting_of_limits_has_a_least() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    stated = {*re.findall(r"^\| `([\w.]+\.resources)` ", page, re.MULTILINE), "resources"}
    assert stated == {path for _, path in CASES}


@pytest.mark.parametrize(("stack", "path"), CASES)
def test_less_is_refused_and_just_enough_is_taken(stack: str, path: str) -> None:
    item = found(stack)[path]
    memory, cpu = format_memory(item.memory), format_cpu(item.cpu)
    short, slow = format_memory(item.memory - MI), format_cpu(item.cpu - 1)

    settings(**merged(STACKS[stack], item.path, resources(memory, cpu)))
    said = refusal(**merged(STACKS[stack], item.path, resources(short, slow)))
    of_memory = next(line for line in said if f"{path}.limits.memory" in line)
    of_cpu = next(line for line in said if f"{path}.limits.cpu" in line)

    assert f'= "{short}": must be at least {memory} for ' in of_memory
    assert f'= "{slow}": must be at least {cpu}, or ' in of_cpu
    assert of_memory.count("raise it") == of_cpu.count("raise it") == 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("stack", STACKS)
def test_no_size_is_near_its_least(size: str, stack: str) -> None:
    for item in least(settings(**{**STACKS[stack], "size": size})):
        assert parse_memory(item.resources.limits.memory) >= item.memory * 1.15, item.path


def test_memory_follows_the_workers() -> None:
    (line,) = refusal(gunicorn={"workers": 3}, resources=resources("575Mi", "1"))
    assert line == (
        'feature-flags:resources.limits.memory = "575Mi": must be at least 576Mi for 3 gunicorn workers and the '
        "process that starts them: raise it, or lower gunicorn.workers"
    )
    settings(gunicorn={"workers": 3}, resources=resources("576Mi", "1"))


def test_a_servers_memory_follows_the_connections_and_the_shared_buffers() -> None:
    few = found("embedded")["postgres.resources"].memory
    many = next(
        item.memory
        for item in least(settings(replicas=20, postgres={"mode": "embedded", "maxConnections": 200}))
        if item.path == ("postgres", "resources")
    )
    assert many > 1.5 * few
    usual = found("cluster")["postgres.resources"].memory
    values = merged(CLUSTER, ("postgres", "cluster", "parameters"), {"shared_buffers": "1GB"})
    stated = next(item.memory for item in least(settings(**values)) if item.path == ("postgres", "resources"))
    # A quarter of the least is buffers where none are stated; both are whole MiB.
    assert stated in {usual * 3 // 4 // MI * MI + more * MI for more in (1023, 1024, 1025)}


@pytest.mark.parametrize(("stated", "mib"), [("16384", 128), ("128MB", 128), ("131072kB", 128), ("1GB", 1024)])
def test_shared_buffers_without_a_unit_are_pages_of_8_kib(stated: str, mib: int) -> None:
    values = merged(CLUSTER, ("postgres", "cluster", "parameters"), {"shared_buffers": stated})
    (item,) = (item for item in least(settings(**values)) if item.path == ("postgres", "resources"))
    assert f"the shared buffers ({mib}Mi)" in item.memory_for


def test_a_server_that_all_connections_can_kill_is_warned_of_and_not_refused() -> None:
    def said(memory: str) -> list[str]:
        found = settings(postgres={"mode": "embedded", "resources": resources(memory, "1")})
        return [text for text in warnings(found) if text.startswith("postgres.resources.limits.memory")]

    (line,) = said("302Mi")
    assert "is 302Mi: the stack can open 65 connections. With so many PostgreSQL takes 303Mi or more" in line
    assert said("303Mi") == []
    external = settings(postgres={"mode": "external", "existingSecret": "database"})
    assert not [text for text in warnings(external) if "postgres.resources" in text]


def test_redis_needs_room_beside_the_data_that_was_asked_for() -> None:
    redis = {"maxMemory": "57mb", "resources": resources("64Mi", "100m")}
    (line,) = refusal(redis=redis)
    assert line == (
        'feature-flags:redis.resources.limits.memory = "64Mi": must be at least 65Mi for 57Mi of data and Redis '
        "itself: raise it, or lower redis.maxMemory"
    )
    settings(redis={**redis, "maxMemory": "56mb"})


def test_an_edge_alone_is_told_of_its_proxies_only() -> None:
    edge: dict[str, Any] = {
        "role": "edge",
        "edge": {
            "enabled": True,
            "existingSecret": "edge",
            "primary": {"url": "https://primary.example.com"},
            "resources": resources("48Mi", "10m"),
        },
    }
    said = [line for line in refusal(**edge) if "at least" in line]
    assert [line.split(" = ")[0] for line in said] == [
        "feature-flags:edge.resources.limits.memory",
        "feature-flags:edge.resources.limits.cpu",
    ]


@pytest.mark.parametrize(("stack", "path"), CASES)
def test_the_page_has_each_figure(stack: str, path: str) -> None:
    page = (ROOT / "docs" / "capacity.md").read_text(encoding="utf-8").split("## The least")[1]
    row = next(line for line in page.splitlines() if line.startswith("| `") and f"`{path}`" in line)
    item = found(stack)[path]
    assert f" {format_cpu(item.cpu)} |" in row
    # PostgreSQL's is a sum, of which the page has the parts.
    assert format_memory(item.memory) in row or path == "postgres.resources"
