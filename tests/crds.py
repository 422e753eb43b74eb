"""The custom resource definitions of operators, from their own modules, on the throw-away cluster."""

import json
import os
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.fixtures_cluster import eventually
from tests.go_programs import go
from tests.platform import Platform
from tests.recording import ROOT

TOOLS = ROOT / "tools" / "crds"
GO_SECONDS = 300
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GATEWAY_API = "sigs.k8s.io/gateway-api"
# Of each module, the directory of its definitions, and which of them the program or its tests use.
WANTED = {
    "github.com/cert-manager/cert-manager": ("deploy/crds", ("certificates",)),
    "github.com/external-secrets/external-secrets": ("config/crds/bases", ("externalsecrets",)),
    GATEWAY_API: ("config/crd/standard", ("gatewayclasses", "gateways", "httproutes")),
    "github.com/prometheus-operator/prometheus-operator": (
        "example/prometheus-operator-crd",
        ("podmonitors", "prometheusrules", "servicemonitors"),
    ),
}


@cache
def definitions() -> tuple[dict[str, Any], ...]:
    """The definitions, of the versions in tools/crds/go.mod; the test is skipped where there is no Go."""
    required = json.loads(_go("mod", "edit", "-json"))["Require"]
    return tuple(found for item in required for found in of_module(item["Path"], item["Version"]))


@cache
def of_module(module: str, version: str) -> tuple[dict[str, Any], ...]:
    """The wanted definitions of a version of a module, whose checksum is in tools/crds/go.sum."""
    # With its version named, only the module itself is fetched and checked against go.sum, not what it requires.
    directory = Path(json.loads(_go("mod", "download", "-json", f"{module}@{version}"))["Dir"])
    place, plurals = WANTED[module]
    paths = [path for plural in plurals for path in (directory / place).glob(f"*_{plural}.yaml")]
    assert len(paths) == len(plurals), paths
    return tuple(yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths)


@pytest.fixture
def crds(platform: Platform) -> Iterator[None]:
    """The cluster serves the kinds of all operators; no operator runs."""
    for definition in definitions():
        platform.http.post(DEFINITIONS, json=definition).raise_for_status()
    paths = [f"{DEFINITIONS}/{definition['metadata']['name']}" for definition in definitions()]

    def all_kinds_are_served() -> bool:
        return all(_is_served(platform.http, definition) for definition in definitions())

    def the_definitions_are_gone() -> bool:
        return not any(platform.http.get(path).is_success for path in paths)

    try:
        eventually(all_kinds_are_served)
        yield
    finally:
        for path in paths:
            platform.http.delete(path).raise_for_status()
        eventually(the_definitions_are_gone)


def _is_served(http: httpx.Client, definition: dict[str, Any]) -> bool:
    """Whether every served version lists the kind: a definition is established before it is."""
    spec = definition["spec"]
    for version in (item["name"] for item in spec["versions"] if item["served"]):
        answer = http.get(f"/apis/{spec['group']}/{version}")
        kinds = {item["kind"] for item in answer.json()["resources"]} if answer.is_success else set()
        if spec["names"]["kind"] not in kinds:
            return False
    return True


def _go(*arguments: str) -> str:
    environment = {**os.environ, "GOFLAGS": "-mod=readonly"}
    done = subprocess.run(
        [go(), *arguments],
        cwd=TOOLS,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=GO_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
