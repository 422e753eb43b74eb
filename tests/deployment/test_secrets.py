"""Generated values: stable for ever, and a changed Secret restarts exactly the pods that read it."""

import json
from base64 import b64decode, b64encode

import pytest

from tests.platform import NAMESPACE, Platform

pytestmark = pytest.mark.cluster


def secret(platform: Platform, name: str) -> dict[str, str]:
    data = platform.get(f"/api/v1/namespaces/{NAMESPACE}/secrets/{name}")["data"]
    return {key: b64decode(value).decode() for key, value in data.items()}


def test_a_renewed_redis_password_restarts_the_pods_that_read_it_and_no_others(deployed: Platform) -> None:
    before = deployed.generations()
    path = "/api/v1/namespaces/kube-system/secrets/ff-direct.feature-flags.local"
    state = deployed.get(path)
    forgotten = forget(state, "credentials-redis-password")
    deployed.http.put(path, json=forgotten).raise_for_status()
    old = secret(deployed, "flagsmith-redis")["password"]

    deployed.up()

    assert secret(deployed, "flagsmith-redis")["password"] != old
    after = deployed.generations()
    restarted = {name for name in after if after[name] != before[name]}
    assert restarted == {"flagsmith", "flagsmith-task-processor", "flagsmith-redis"}


def test_generated_values_survive_every_change_of_settings(deployed: Platform) -> None:
    purposes = ("postgres", "database", "audit", "analytics", "redis", "django", "admin")
    names = [f"flagsmith-{purpose}" for purpose in purposes]
    before = {name: secret(deployed, name) for name in names}
    deployed.up({"replicas": 4, "version": "2.264.0"})
    assert {name: secret(deployed, name) for name in names} == before


def forget(state: dict[str, dict[str, str]], name: str) -> dict[str, object]:
    """The engine's record without one generated value, which the next run makes anew."""
    data = {}
    for key, encoded in state["data"].items():
        content = json.loads(b64decode(encoded))
        if isinstance(content, dict):
            for holder in (content, content.get("generated", {})):
                holder.pop(name, None)
        data[key] = b64encode(json.dumps(content).encode()).decode()
    return {**state, "data": data}
