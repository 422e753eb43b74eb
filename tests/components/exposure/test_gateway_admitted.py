"""What the API server says of the Gateway and its routes, by the standard definitions; what the oldest ones know."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from tests.components.exposure.test_gateway import OWN, PARENT, SHARED, TLS, stack
from tests.crds import GATEWAY_API, of_module
from tests.platform import Platform

OLDEST = "v1.2.1"
PATHS = {
    kind: f"/apis/gateway.networking.k8s.io/v1/namespaces/default/{plural}"
    for kind, plural in (("Gateway", "gateways"), ("HTTPRoute", "httproutes"))
}
FORMS: Mapping[str, Mapping[str, Any]] = {
    **{f"own, {source}": {"enabled": True, "className": "envoy", "tls": tls} for source, tls in TLS.items()},
    "own, other ports": {**OWN, "httpPort": 8000, "httpsPort": 8443},
    "own, without redirect": {**OWN, "redirect": False},
    "own, HSTS": {**OWN, "hstsSeconds": 31_536_000},
    "shared": SHARED,
    "shared, by port": {**SHARED, "parentRefs": [{"name": "shared", "port": 443}, PARENT], "redirectFrom": []},
}


def objects(form: str) -> list[dict[str, Any]]:
    recording = stack(FORMS[form], production="none" not in form)
    return [*recording.all("Gateway"), *recording.all("HTTPRoute")]


def fields(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every field that is set, without the places in lists."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key)
            yield from fields(item, (*path, key))
    elif isinstance(value, list):
        for item in value:
            yield from fields(item, path)


def knows(schema: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    for key in path:
        inner = schema.get("items", schema)
        if key not in inner.get("properties", {}):
            return False
        schema = inner["properties"][key]
    return True


def test_only_fields_are_used_that_version_1_2_of_the_standard_channel_has() -> None:
    schemas = {
        definition["spec"]["names"]["kind"]: version["schema"]["openAPIV3Schema"]
        for definition in of_module(GATEWAY_API, OLDEST)
        for version in definition["spec"]["versions"]
        if version["name"] == "v1"
    }
    used = {
        (item["kind"], ("spec", *path)) for form in FORMS for item in objects(form) for path in fields(item["spec"])
    }
    assert len(used) > 30
    assert [(kind, path) for kind, path in sorted(used) if not knows(schemas[kind], path)] == []
    assert not knows(schemas["HTTPRoute"], ("spec", "rules", "retry")), "an experimental field is known to be none"


@pytest.mark.cluster
@pytest.mark.usefixtures("crds")
def test_the_api_server_takes_them_strictly_and_adds_nothing_and_refuses_what_would_be_wrong(
    platform: Platform,
) -> None:
    """What it added would be a difference for ever to a GitOps controller that compares by itself."""
    for form in FORMS:
        for item in objects(form):
            answer = asked(platform, item)
            assert answer.is_success, f"{form}: {answer.text}"
            assert answer.json()["spec"] == item["spec"], form
    gateway, route, _ = objects("own, issuer")
    listeners = gateway["spec"]["listeners"]
    listeners[0]["tls"] = listeners[1]["tls"]
    route["spec"]["rules"][0]["filters"] = [{"type": "RequestRedirect", "requestRedirect": {"statusCode": 404}}]
    for item, said in ((gateway, "tls must not be specified for protocols"), (route, "404")):
        answer = asked(platform, item)
        assert answer.status_code == 422
        assert said in answer.json()["message"]


def asked(platform: Platform, item: Mapping[str, Any]) -> httpx.Response:
    """The API server's answer to an object, which is not kept."""
    place = {**item, "metadata": {**item["metadata"], "namespace": "default"}}
    query = {"fieldManager": "test", "fieldValidation": "Strict", "dryRun": "All"}
    return platform.http.post(PATHS[item["kind"]], params=query, json=place)
