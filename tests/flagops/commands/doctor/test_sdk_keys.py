"""What the doctor says of the Secrets with environments' keys."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from components.kit import names
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.commands.doctor.sdk_keys import edge_server_keys, sdk_keys
from flagops.kubernetes.refusals import DeniedError
from flagops.stacks.files import load_stack
from tests.doubles.flagsmith import Flagsmith, serve
from tests.recording import ROOT

ENVIRONMENTS = ("development", "staging", "production")
CLIENT, SERVER = "FLAGSMITH_ENVIRONMENT_KEY", "FLAGSMITH_SERVER_KEY"


@dataclass
class Patient:
    """A stack whose Secrets have the keys that its Flagsmith has."""

    flagsmith: Flagsmith
    secrets: dict[str, dict[str, str]]
    settings: dict[str, Any] = field(default_factory=dict)

    def findings(self, denied: Callable[[], None] = lambda: None) -> list[DoctorFinding]:
        def get(_version: str, _kind: str, name: str) -> Mapping[str, str] | None:
            denied()
            return self.secrets.get(name)

        stack = load_stack("local", ROOT)
        config = {**stack.config, **{f"feature-flags:{key}": value for key, value in self.settings.items()}}
        settings = type(stack)(stack.name, stack.project, config, stack.defaults, stack.path).settings
        instance = SimpleNamespace(get=get, secret=self.secrets.__getitem__, settings=settings, stack=stack)
        found = list(sdk_keys(cast("Examination", SimpleNamespace(instance=instance)), self.flagsmith.url))
        keys = [value for held in self.secrets.values() for value in held.values() if value.strip()]
        assert not [key for key in keys if key in str(found)], "no key is shown"
        return found

    def one(self) -> DoctorFinding:
        (finding,) = self.findings()
        return finding


@pytest.fixture
def patient() -> Iterator[Patient]:
    made = Flagsmith()
    with serve(made):
        secrets = {}
        made.add_environments(*ENVIRONMENTS)
        for row in made.database.rows("environments"):
            key = f"ser.of-{row['name']}-alone"
            made.database.insert("server_keys", key=key, environment=row["id"])
            secrets[names.sdk_keys(row["name"])] = {CLIENT: row["api_key"], SERVER: key}
        yield Patient(made, secrets)


def test_keys_that_flagsmith_takes_are_no_fault(patient: Patient) -> None:
    assert patient.findings() == []


def test_a_client_key_that_flagsmith_does_not_know_is_adopted(patient: Patient) -> None:
    patient.flagsmith.database.rows("environments", name="staging")[0]["api_key"] = "renewed-in-the-ui"
    finding = patient.one()
    assert finding.name == "client-key-refused"
    assert "of staging that applications read in the Secret flagsmith-sdk-keys-staging" in finding.what
    assert finding.evidence == (f"{CLIENT}: GET /api/v1/flags/: status 403",)
    assert finding.fix.startswith("ff keys adopt --stack local && ff up --stack local ")
    assert "was staging deleted in Flagsmith? Then take it out of admin.environments" in finding.fix


def test_a_server_side_key_that_flagsmith_does_not_know_is_written_again(patient: Patient) -> None:
    patient.flagsmith.database.remove("server_keys", key="ser.of-production-alone")
    finding = patient.one()
    assert finding.name == "server-key-refused"
    assert finding.evidence == (f"{SERVER}: GET /api/v1/environment-document/: status 403",)
    assert finding.fix.startswith("ff keys register --stack local ")


@pytest.mark.parametrize("held", ["", "ser.with-a-line\n", None])
def test_a_key_that_no_application_can_send_is_not_sent(patient: Patient, held: str | None) -> None:
    secret = patient.secrets["flagsmith-sdk-keys-production"]
    patient.secrets["flagsmith-sdk-keys-production"] = {
        CLIENT: secret[CLIENT],
        **({} if held is None else {SERVER: held}),
    }
    assert patient.one().evidence == (f"{SERVER}: it is empty, or has a space, an end of a line or the like in it",)


def test_an_environment_without_a_secret_is_named_unless_the_settings_leave_it_out(patient: Patient) -> None:
    del patient.secrets["flagsmith-sdk-keys-staging"]
    finding = patient.one()
    assert (finding.name, finding.evidence) == (
        "sdk-keys-missing",
        ("there is no Secret flagsmith-sdk-keys-staging",),
    )
    assert finding.fix == "ff keys adopt --stack local && ff up --stack local"
    patient.settings = {"sdkKeys": {"environments": ["production"]}}
    assert patient.findings() == []


def test_secrets_that_somebody_else_makes_are_theirs_to_mend(patient: Patient) -> None:
    patient.settings = {"sdkKeys": {"existingSecrets": {"production": "shop-keys"}}}
    made = f"make the Secret shop-keys with {CLIENT} and {SERVER}, then ff keys register --stack local"
    assert patient.one().fix == made
    patient.secrets["shop-keys"] = {CLIENT: "of-another", SERVER: "ser.of-another"}
    found = patient.findings()
    assert [item.name for item in found] == ["client-key-refused", "server-key-refused"]
    assert found[0].fix.startswith("put its client key into the Secret shop-keys, then ff keys register --stack local ")
    assert found[1].fix.startswith("ff keys register --stack local ")


def test_a_flagsmith_that_fails_says_nothing_of_keys(patient: Patient) -> None:
    patient.flagsmith.failing["/api/v1/"] = 404
    assert patient.findings() == []


def test_whoever_may_not_read_secrets_is_told_nothing_of_them(patient: Patient) -> None:
    def denied() -> None:
        raise DeniedError(403, "Forbidden", "secrets is forbidden", "GET secrets")

    assert patient.findings(denied) == []


@dataclass
class WithEdge:
    """A stack with an edge, whose Secret has these pairs."""

    flagsmith: Flagsmith
    pairs: list[dict[str, str]]

    def findings(self) -> list[DoctorFinding]:
        secret = {"data": {"ENVIRONMENT_KEY_PAIRS": base64.b64encode(json.dumps(self.pairs).encode()).decode()}}
        stack = load_stack("local", ROOT)
        config = {**stack.config, "feature-flags:edge": {"enabled": True}}
        settings = type(stack)(stack.name, stack.project, config, stack.defaults, stack.path).settings
        instance = SimpleNamespace(get=lambda *_: secret, settings=settings, stack=stack)
        found = list(edge_server_keys(cast("Examination", SimpleNamespace(instance=instance)), self.flagsmith.url))
        assert not [pair for pair in self.pairs if pair["server_side_key"] in str(found)], "no key is shown"
        return found


def test_flagsmith_is_asked_for_each_server_side_key_of_the_edge(patient: Patient) -> None:
    rows = patient.flagsmith.database.rows("environments")
    edge = WithEdge(
        patient.flagsmith,
        [{"client_side_key": row["api_key"], "server_side_key": f"ser.of-{row['name']}-alone"} for row in rows],
    )
    assert edge.findings() == []
    patient.flagsmith.database.remove("server_keys", key="ser.of-staging-alone")
    (finding,) = edge.findings()
    assert finding.name == "edge-server-key-refused"
    number = [row["name"] for row in rows].index("staging")
    said = f"pair {number + 1}, with the client-side key {rows[number]['api_key']}: "
    assert finding.evidence == (said + "GET /api/v1/environment-document/: status 403",)
    assert finding.fix.startswith("ff keys register --stack local ")
