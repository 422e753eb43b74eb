"""What an edge alone takes of the stack of its primary: keys by a secret output, and whose certificates it trusts."""

import base64
import json
from typing import Any
from unittest import mock

import pytest
from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import resource_pb2

from flagops.errors import OpsError, UnsupportedError
from flagops.evaluation.generated import Placeholders
from flagops.evaluation.monitor import RecordingMonitor, _as_secret
from tests.recording import Recording, container, environment, record, run

PRIMARY = "organization/feature-flags/production"
PAIRS = [{"client_side_key": "client-of-the-primary", "server_side_key": "ser.server-of-the-primary"}]
GIVEN = json.dumps(PAIRS)


def alone(edge: dict[str, Any] | None = None, primary: dict[str, Any] | None = None, **known: Any) -> Recording:
    address = {"url": "https://primary.example.com", "stack": PRIMARY, **(primary or {})}
    values = {"role": "edge", "apiVersions": [], "edge": {"enabled": True, **(edge or {}), "primary": address}}
    return run("production", values, ("postgres",), **known)


def with_outputs(outputs: dict[str, Any], **edge: Any) -> Recording:
    """The program, where the primary's stack has these outputs."""
    asked: list[str] = []

    def answer(_: RecordingMonitor, request: Any) -> resource_pb2.ReadResourceResponse:
        asked.append(request.id)
        found = struct_pb2.Struct()
        found.update({"name": request.id, "outputs": outputs})
        return resource_pb2.ReadResourceResponse(urn="urn:pulumi:production::feature-flags::a::b", properties=found)

    with mock.patch.object(RecordingMonitor, "ReadResource", answer):
        found = alone(edge)
    assert asked == [PRIMARY]
    return found


def data(recording: Recording) -> dict[str, str]:
    encoded = recording.one("Secret", "flagsmith-edge-keys")["data"]
    return {key: base64.b64decode(value).decode() for key, value in encoded.items()}


def digest(recording: Recording) -> str:
    template = recording.one("Deployment", "flagsmith-edge")["spec"]["template"]
    return str(template["metadata"]["annotations"]["checksum/flagsmith-edge-keys"])


@pytest.mark.parametrize("given", [GIVEN, _as_secret(GIVEN)], ids=["plain", "secret"])
def test_the_keys_are_those_that_the_primary_gives_and_secret_whatever_it_says_of_them(given: object) -> None:
    found = with_outputs({"edgeKeys": given})
    assert json.loads(data(found)["ENVIRONMENT_KEY_PAIRS"]) == PAIRS
    variables = environment(found.one("Deployment", "flagsmith-edge")["spec"]["template"])
    assert variables["ENVIRONMENT_KEY_PAIRS"] == {
        "secretKeyRef": {"name": "flagsmith-edge-keys", "key": "ENVIRONMENT_KEY_PAIRS"}
    }
    (registered,) = (
        item
        for item in found.registrations.values()
        if item.inputs.get("kind") == "Secret" and item.inputs["metadata"]["name"] == "flagsmith-edge-keys"
    )
    assert any(path[0] == "data" for path in registered.secret_paths)
    shown = str([item.manifest for item in found.program.objects if item.ref.kind != "Secret"]) + str(
        found.program.outputs
    )
    assert "of-the-primary" not in shown


def test_a_file_has_the_keys_and_all_else_that_a_proxy_reads() -> None:
    found = json.loads(data(with_outputs({"edgeKeys": GIVEN}, configFile=True))["config.json"])
    assert found["environment_key_pairs"] == PAIRS
    assert found["api_url"] == "https://primary.example.com/api/v1"


def test_other_keys_restart_the_proxies() -> None:
    renewed = json.dumps([{**PAIRS[0], "server_side_key": "ser.renewed"}])
    digests = {digest(with_outputs({"edgeKeys": given})) for given in (GIVEN, renewed)}
    assert len(digests) == 2
    assert digest(with_outputs({"edgeKeys": GIVEN, "url": "https://other.example.com"})) in digests


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"edgeKeys": ""},
        {"edgeKeys": "[]"},
        {"edgeKeys": "leaked"},
        {"edgeKeys": {"leaked": "leaked"}},
        {"edgeKeys": '[{"client_side_key": "leaked"}]'},
        {"edgeKeys": '["leaked"]'},
        {"edgeKeys": '{"leaked": 1}'},
    ],
    ids=str,
)
def test_a_primary_that_gives_no_keys_ends_the_program_before_a_proxy_is_without(outputs: dict[str, Any]) -> None:
    with pytest.raises(OpsError) as caught:
        with_outputs(outputs)
    assert f"the stack {PRIMARY} has no output edgeKeys with keys. Set sdkKeys.exported: true" in str(caught.value)
    assert "leaked" not in str(caught.value)


def test_a_program_that_is_only_shown_has_stand_ins() -> None:
    (pair,) = json.loads(data(alone(generated=Placeholders()))["ENVIRONMENT_KEY_PAIRS"])
    assert set(pair) == {"client_side_key", "server_side_key"}
    assert all(value.startswith("generated-value.primary-") for value in pair.values())


def test_the_direct_engine_says_that_it_cannot_read_another_stack() -> None:
    with pytest.raises(UnsupportedError, match=f"cannot read the outputs of the stack '{PRIMARY}'") as caught:
        alone()
    assert "edge.existingSecret" in (caught.value.hint or "")


def test_a_primary_gives_what_its_own_proxies_would_have() -> None:
    """So one kind of key leads to documents, wherever the proxies are."""
    generated = Placeholders()
    beside = run("local", {"edge": {"enabled": True}}, generated=generated)
    giving = run("local", {"sdkKeys": {"exported": True}}, generated=generated)
    given = giving.program.outputs["edgeKeys"]
    assert json.loads(str(given)) == json.loads(data(beside)["ENVIRONMENT_KEY_PAIRS"])
    keys = giving.one("Secret", "flagsmith-bootstrap-keys")["data"]
    assert keys == beside.one("Secret", "flagsmith-bootstrap-keys")["data"]
    assert {"development.edge", "production.edge"} <= set(keys)
    assert "flagsmith-edge-keys" not in {item.ref.name for item in giving.program.objects}


def test_what_a_primary_gives_is_secret_and_only_given_if_asked_for() -> None:
    giving = record("local", {"sdkKeys": {"exported": True}})
    assert giving.program.secret_outputs == {"edgeKeys"}
    assert giving.program.shown_outputs["edgeKeys"] == "<secret>"
    for overrides in ({}, {"edge": {"enabled": True}}):
        assert "edgeKeys" not in record("local", overrides).program.outputs


def test_a_primary_that_does_not_know_all_keys_gives_none() -> None:
    with pytest.raises(
        OpsError, match=r"feature-flags:sdkKeys.exported: the program does not know the keys of staging"
    ):
        record("local", {"sdkKeys": {"exported": True, "existingSecrets": {"staging": "theirs"}}})


def test_the_proxies_trust_the_authority_of_the_primary_where_it_is_named() -> None:
    template = alone(primary={"caSecret": {"name": "company-ca"}}, generated=Placeholders()).one(
        "Deployment", "flagsmith-edge"
    )["spec"]["template"]
    assert environment(template)["SSL_CERT_FILE"] == "/etc/edge-proxy-ca/ca.crt"
    (volume,) = template["spec"]["volumes"]
    assert volume["secret"] == {"secretName": "company-ca", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    (mounted,) = container(template)["volumeMounts"]
    assert (mounted["name"], mounted["mountPath"]) == (volume["name"], "/etc/edge-proxy-ca")
    without = alone(generated=Placeholders()).one("Deployment", "flagsmith-edge")["spec"]["template"]
    assert "SSL_CERT_FILE" not in environment(without)
    assert not without["spec"].get("volumes")


def test_a_proxy_that_reads_a_file_trusts_it_too() -> None:
    edge = {"configFile": True}
    found = alone(edge, {"caSecret": {"name": "company-ca", "key": "root.pem"}}, generated=Placeholders())
    template = found.one("Deployment", "flagsmith-edge")["spec"]["template"]
    assert set(environment(template)) == {"CONFIG_PATH", "SSL_CERT_FILE"}
    assert {mount["mountPath"] for mount in container(template)["volumeMounts"]} == {
        "/etc/edge-proxy",
        "/etc/edge-proxy-ca",
    }
