"""What CloudNativePG's own definitions say of the Cluster and what is around it."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.components.exposure.test_gateway_admitted import fields, knows
from tests.components.postgres.test_cluster import OPERATORS, S3, WHOLE, clustered, whole
from tests.crds import DATA_TIER, of_module, served, version
from tests.platform import Platform
from tests.recording import Recording, record

PATHS = {
    "Cluster": "/apis/postgresql.cnpg.io/v1/namespaces/default/clusters",
    "Pooler": "/apis/postgresql.cnpg.io/v1/namespaces/default/poolers",
    "ScheduledBackup": "/apis/postgresql.cnpg.io/v1/namespaces/default/scheduledbackups",
    "ObjectStore": "/apis/barmancloud.cnpg.io/v1/namespaces/default/objectstores",
}
SCHEDULING = {
    "nodeSelector": {"disk": "fast"},
    "tolerations": [{"key": "db", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 9}],
    "priorityClassName": "high",
}
# Whose keys are people's, or other objects' own.
FREE = ("matchLabels", "parameters", "nodeSelector", "annotations", "requests", "limits")


def forms() -> list[Recording]:
    postgres = {"mode": "cloudnativepg", "cluster": {**WHOLE, "backup": {}}}
    scheduled = {"scheduling": SCHEDULING, "imagePullSecrets": ["pull"], "size": "medium"}
    found = record(
        "local",
        {"postgres": postgres, "monitoring": {"enabled": True}, "apiVersions": OPERATORS[:1], **scheduled},
    )
    recovery = {"cluster": "flagsmith-pg", "targetTime": "2026-11-28T13:05:00Z"}
    recovered = {**WHOLE, "name": "flagsmith-pg-2", "recovery": recovery}
    return [whole(), clustered(), clustered(recovered, backup={"s3": S3}), found]


def objects() -> list[dict[str, Any]]:
    return [item for form in forms() for kind in PATHS for item in form.all(kind)]


def definitions() -> list[dict[str, Any]]:
    return [found for module in DATA_TIER for found in of_module(module, version(module))]


def test_only_fields_are_used_that_the_definitions_have() -> None:
    schemas = {
        definition["spec"]["names"]["kind"]: item["schema"]["openAPIV3Schema"]
        for definition in definitions()
        for item in definition["spec"]["versions"]
    }
    used = {
        (item["kind"], ("spec", *path))
        for item in objects()
        for path in fields(item["spec"])
        if not set(path[:-1]) & set(FREE)
    }
    assert len(used) > 60
    assert [(kind, path) for kind, path in sorted(used) if not knows(schemas[kind], path)] == []
    assert not knows(schemas["Cluster"], ("spec", "postgresql", "synchronous", "quorum")), "one that is none is known"


@pytest.mark.cluster
def test_the_api_server_takes_them_strictly_and_refuses_a_field_that_is_none_of_theirs(platform: Platform) -> None:
    wanted = objects()
    assert {item["kind"] for item in wanted} == set(PATHS)
    with served(platform.http, definitions()):
        for item in wanted:
            answer = asked(platform, item)
            assert answer.is_success, f"{item['kind']}: {answer.text}"
            refused = asked(platform, {**item, "spec": {**item["spec"], "notAField": True}})
            assert (refused.status_code, "notAField" in refused.text) == (400, True), item["kind"]


def asked(platform: Platform, item: Mapping[str, Any]) -> httpx.Response:
    """The API server's answer to an object, which is not kept."""
    place = {**item, "metadata": {**item["metadata"], "namespace": "default"}}
    query = {"fieldManager": "test", "fieldValidation": "Strict", "dryRun": "All"}
    return platform.http.post(PATHS[item["kind"]], params=query, json=place)
