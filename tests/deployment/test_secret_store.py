"""A stack whose Secrets come from a store, on a cluster with and without the definitions of the operator."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from components.secrets import external
from flagops.commands.doctor.checks import examine
from flagops.engines.direct.api import DirectEngine
from flagops.engines.pulumi_cli.explain import explain
from flagops.errors import OpsError
from flagops.stacks import target
from flagops.stacks.target import StackTarget
from tests.doubles.external_secrets import NOT_IN_STORE, Operator
from tests.fixtures_cluster import eventually
from tests.platform import Platform

pytestmark = pytest.mark.cluster
NAMESPACE = "stored"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
OVERRIDES: dict[str, Any] = {
    "namespace": {"name": NAMESPACE},
    "service": {},  # the port of the nodes is the stack `local`'s own
    "secretStore": {
        "name": "vault",
        "kind": "ClusterSecretStore",
        "refreshInterval": "15m",
        "secrets": {
            "postgres": {"key": "flagsmith/postgres", "properties": {"DATABASE_URL": "url"}},
            "redis": {"key": "flagsmith/redis"},
            "django": {"values": {"DJANGO_SECRET_KEY": {"key": "flagsmith-django"}}},
            "admin": {"key": "flagsmith/admin"},
        },
        "others": {"mail": {"values": {"password": {"key": "mail", "property": "password"}}}},
    },
    "smtp": {"host": "mail.example.com", "username": "flags", "existingSecret": {"name": "mail"}},
}
STORE = {
    "flagsmith/postgres": {"password": "p1", "url": "postgresql://flagsmith_a:p2@flagsmith-postgres:5432/flagsmith"},
    "flagsmith/redis": {"password": "p3", "REDIS_URL": "redis://:p3@flagsmith-redis:6379"},
    "flagsmith-django": {"": "p4"},
    "flagsmith/admin": {"password": "p5"},
    "mail": {"password": "p6"},
}
NAMES = {"flagsmith-postgres", "flagsmith-redis", "flagsmith-django", "flagsmith-admin", "mail"}


def direct(platform: Platform) -> DirectEngine:
    """The direct engine for a stack of its own."""
    stack = replace(platform.stack(OVERRIDES), name=NAMESPACE)
    return DirectEngine(platform.stack().path.parent, stack, platform.cluster.kubeconfig, platform.cluster.context)


@pytest.fixture(scope="module")
def engine(crds_throughout: None, platform: Platform) -> Iterator[DirectEngine]:  # noqa: ARG001
    """The same on a cluster that serves the operator's kinds; the stack is as the test before left it."""
    made = direct(platform)
    try:
        yield made
    finally:
        made.down()


@pytest.fixture
def fresh(engine: DirectEngine) -> DirectEngine:
    """The same, and nothing of the stack is there."""
    engine.down()
    return engine


@pytest.fixture
def operator(engine: DirectEngine, platform: Platform) -> Iterator[Operator]:  # noqa: ARG001
    """The operator, with all secrets in its store, on a cluster that serves its kinds."""
    with Operator(platform.http, NAMESPACE, dict(STORE)).running() as running:
        yield running


def values(platform: Platform, name: str) -> dict[str, str]:
    data = platform.get(f"{SECRETS}/{name}")["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def test_without_the_operator_the_preview_fails_and_nothing_is_made(platform: Platform) -> None:
    engine = direct(platform)
    try:
        for run in (engine.preview, engine.up):
            with pytest.raises(OpsError, match=r"does not serve ExternalSecret \(external-secrets.io/v1\)") as caught:
                run()
            assert "https://external-secrets.io" in caught.value.message
        assert platform.http.get(f"/api/v1/namespaces/{NAMESPACE}").status_code == 404
    finally:
        engine.down()


def test_a_stack_deploys_with_the_secrets_of_the_store_before_anything_starts(
    fresh: DirectEngine, operator: Operator, platform: Platform
) -> None:
    fresh.up()
    assert set(operator.made) == NAMES
    assert values(platform, "flagsmith-postgres") == {
        "password": "p1",
        "DATABASE_URL": STORE["flagsmith/postgres"]["url"],
    }
    assert values(platform, "flagsmith-django") == {"DJANGO_SECRET_KEY": "p4"}
    assert not [name for name in fresh.generated() if name.split("-")[1] in ("postgres", "redis", "django", "admin")]
    api = platform.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/flagsmith")
    assert api["status"]["availableReplicas"] == api["spec"]["replicas"]
    made = {name: platform.get(f"{SECRETS}/{name}")["metadata"]["creationTimestamp"] for name in NAMES}
    jobs = platform.items(f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs")
    assert max(made.values()) <= min(job["metadata"]["creationTimestamp"] for job in jobs), "nothing starts before them"
    assert fresh.up().unchanged


def test_a_secret_that_the_store_lacks_stops_the_deployment_with_the_operators_words(
    fresh: DirectEngine, operator: Operator, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    del operator.store["flagsmith-django"]
    with monkeypatch.context() as impatient:
        impatient.setattr(external, "TIMEOUT_SECONDS", 3)
        with pytest.raises(OpsError) as caught:
            fresh.up()
    assert "ExternalSecret" in caught.value.message
    assert "flagsmith-django" in caught.value.message
    assert f"is not ready after 3 s: SecretSyncedError: {NOT_IN_STORE}" in caught.value.message
    assert platform.items(f"/api/v1/namespaces/{NAMESPACE}/pods") == [], "nothing started without its Secrets"
    name = {"name": "flagsmith-django", "namespace": NAMESPACE}
    given_up = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": name}
    told = explain(platform.cluster.kubeconfig, platform.cluster.context, [given_up])
    assert f"SecretSyncedError: {NOT_IN_STORE}" in told, "what `ff up` adds to the CLI's own error"
    operator.store["flagsmith-django"] = dict(STORE["flagsmith-django"])
    fresh.up()
    assert values(platform, "flagsmith-django") == {"DJANGO_SECRET_KEY": "p4"}


def test_the_doctor_tells_of_an_entry_that_vanished(
    engine: DirectEngine, operator: Operator, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.up()
    found = StackTarget(
        replace(platform.stack(OVERRIDES), name=NAMESPACE), platform.cluster.context, platform.cluster.kubeconfig
    )
    monkeypatch.setattr(target, "find", lambda _: found)

    def findings() -> dict[str, Any]:
        return {finding.name: finding for finding in examine(NAMESPACE)}

    assert "secret-not-synced" not in findings()
    del operator.store["mail"]

    def the_operator_has_seen_it() -> bool:
        item = platform.get(f"/apis/external-secrets.io/v1/namespaces/{NAMESPACE}/externalsecrets/mail")
        return str(item["status"]["conditions"][0]["status"]) == "False"

    eventually(the_operator_has_seen_it)
    finding = findings()["secret-not-synced"]
    assert "The Secret mail does not come from the store" in finding.what
    assert f"SecretSyncedError: {NOT_IN_STORE}" in finding.evidence
    assert "describe externalsecret mail" in finding.fix
    assert values(platform, "mail") == {"password": "p6"}, "what was there stays"


def test_a_changed_mapping_is_awaited_until_the_operator_has_followed_it(
    operator: Operator, platform: Platform, engine: DirectEngine
) -> None:
    engine.up()
    store = OVERRIDES["secretStore"]
    moved = {**store, "secrets": {**store["secrets"], "admin": {"key": "flagsmith/new-admin"}}}
    operator.store["flagsmith/new-admin"] = {"password": "p7"}
    stack = replace(platform.stack({**OVERRIDES, "secretStore": moved}), name=NAMESPACE)
    root = platform.stack().path.parent
    DirectEngine(root, stack, platform.cluster.kubeconfig, platform.cluster.context).up()
    assert values(platform, "flagsmith-admin") == {"password": "p7"}
