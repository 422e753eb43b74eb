"""The custom resource definitions of operators, from their own modules, on the throw-away cluster."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx
import pytest
import yaml

from tests.fixtures_cluster import eventually
from tests.go_programs import answer, sources
from tests.platform import Platform

TOOL = "crds"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GATEWAY_API = "sigs.k8s.io/gateway-api"
CLOUDNATIVE_PG = "github.com/cloudnative-pg/cloudnative-pg"
BARMAN_PLUGIN = "github.com/cloudnative-pg/plugin-barman-cloud"
# The API server takes seconds to forget each definition: those that few tests need are not among all others.
DATA_TIER = (CLOUDNATIVE_PG, BARMAN_PLUGIN)
# Of each module, the directory of its definitions, and which of them the program or its tests use.
WANTED = {
    "github.com/cert-manager/cert-manager": ("deploy/crds", ("certificates",)),
    "github.com/external-secrets/external-secrets": ("config/crds/bases", ("externalsecrets",)),
    CLOUDNATIVE_PG: ("config/crd/bases", ("clusters", "poolers", "scheduledbackups")),
    BARMAN_PLUGIN: ("config/crd/bases", ("objectstores",)),
    GATEWAY_API: ("config/crd/standard", ("gatewayclasses", "gateways", "httproutes")),
    "github.com/prometheus-operator/prometheus-operator": (
        "example/prometheus-operator-crd",
        ("podmonitors", "prometheusrules", "servicemonitors"),
    ),
}


@cache
def definitions() -> tuple[dict[str, Any], ...]:
    """The definitions, of the versions in tools/crds/go.mod; the test is skipped where there is no Go."""
    return tuple(found for module in WANTED if module not in DATA_TIER for found in of_module(module, version(module)))


def version(module: str) -> str:
    """The version of a module in tools/crds/go.mod."""
    required = json.loads(answer(TOOL, "mod", "edit", "-json"))["Require"]
    (found,) = (item["Version"] for item in required if item["Path"] == module)
    return str(found)


@cache
def of_module(module: str, version: str) -> tuple[dict[str, Any], ...]:
    """The wanted definitions of a version of a module, whose checksum is in tools/crds/go.sum."""
    place, plurals = WANTED[module]
    directory = sources(TOOL, module, version) / place
    paths = [path for plural in plurals for path in directory.glob(f"*_{plural}.yaml")]
    assert len(paths) == len(plurals), paths
    return tuple(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) for path in paths)


@pytest.fixture
def crds(platform: Platform) -> Iterator[None]:
    """The cluster serves the kinds of all operators but those of databases; no operator runs."""
    with served(platform.http, definitions()):
        yield


@pytest.fixture(scope="module")
def crds_throughout(platform: Platform) -> Iterator[None]:
    """The same for all tests of a module from the first that asks for it on."""
    with served(platform.http, definitions()):
        yield


@contextmanager
def served(http: httpx.Client, wanted: Sequence[dict[str, Any]]) -> Iterator[None]:
    """The cluster serves the kinds of these definitions; in the end they are gone, and with them all objects."""
    paths = [f"{DEFINITIONS}/{definition['metadata']['name']}" for definition in wanted]

    def all_kinds_are_served() -> bool:
        return all(_is_served(http, definition) for definition in wanted)

    def the_definitions_are_gone() -> bool:
        return not any(http.get(path).is_success for path in paths)

    for definition in wanted:
        http.post(DEFINITIONS, json=_undescribed(definition)).raise_for_status()
    try:
        eventually(all_kinds_are_served)
        yield
    finally:
        for path in paths:
            http.delete(path).raise_for_status()
        eventually(the_definitions_are_gone)


def _undescribed(part: Any) -> Any:
    """A definition without the texts for people, three quarters of it: a third less work for the API server."""
    if isinstance(part, list):
        return [_undescribed(item) for item in part]
    if not isinstance(part, dict):
        return part
    # A field may be called so too: what says what it may be is no text.
    return {key: _undescribed(value) for key, value in part.items() if key != "description" or isinstance(value, dict)}


def _is_served(http: httpx.Client, definition: dict[str, Any]) -> bool:
    """Whether every served version lists the kind, and its objects: a definition is established before either is so.

    One that is deleted before its objects can be listed is never gone: Kubernetes 1.37 leaves it at
    "could not list instances: storage is (re)initializing".
    """
    spec = definition["spec"]
    for version in (item["name"] for item in spec["versions"] if item["served"]):
        path = f"/apis/{spec['group']}/{version}"
        answer = http.get(path)
        kinds = {item["kind"] for item in answer.json()["resources"]} if answer.is_success else set()
        if spec["names"]["kind"] not in kinds or not http.get(f"{path}/{spec['names']['plural']}").is_success:
            return False
    return True
