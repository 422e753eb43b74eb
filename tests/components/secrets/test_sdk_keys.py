"""The keys of environments: who gets them, from where, in which order, and that nobody sees them elsewhere."""

import base64
import json
from typing import Any

import pytest

from components.deployment.presence import DeclaredObject
from components.deployment.recorded import Deployment, deployed, secrets, written
from components.kit import names
from components.secrets.key_names import LONGEST, server_key_name
from components.secrets.sdk_keys import claimed
from components.settings import SettingsError
from components.settings.sections.secret_store import own_name, sdk_keys
from flagops.stacks.files import load_stack
from tests.recording import ROOT, Recording, environment, record, recorded

SERVER_KEY = "ser.4kTq9ZpLw3Xv7Rb2Nc8Yd6"
CLIENT_KEY = "26SjW1XbVgVEXPhD6h1kQz"
EXISTING = {"flagsmith-admin", "flagsmith-sdk-keys-staging"}


def data(recording: Recording, name: str) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in recording.one("Secret", name)["data"].items()}


def bootstrap(recording: Recording) -> dict[str, Any]:
    return dict(recording.starting("Job", "flagsmith-bootstrap-")["spec"]["template"])


def test_each_environment_has_a_secret_with_what_an_sdk_needs() -> None:
    recording = recorded("local")
    seen = set()
    for name in ("development", "staging", "production"):
        found = data(recording, f"flagsmith-sdk-keys-{name}")
        assert set(found) == {"FLAGSMITH_ENVIRONMENT_KEY", "FLAGSMITH_SERVER_KEY", "FLAGSMITH_API_URL"}
        assert found["FLAGSMITH_API_URL"] == "http://flagsmith.feature-flags.svc.cluster.local:8000/api/v1/"
        assert len(found["FLAGSMITH_ENVIRONMENT_KEY"]) == 22
        assert found["FLAGSMITH_ENVIRONMENT_KEY"].isalnum()
        assert found["FLAGSMITH_SERVER_KEY"].startswith("ser.")
        assert len(found["FLAGSMITH_SERVER_KEY"]) == 26
        seen |= {found["FLAGSMITH_ENVIRONMENT_KEY"], found["FLAGSMITH_SERVER_KEY"]}
    assert len(seen) == 6
    assert recording.program.outputs["sdkKeys"] == {
        name: f"flagsmith-sdk-keys-{name}" for name in ("development", "staging", "production")
    }


def test_the_bootstrap_is_given_what_the_secrets_hold_and_they_are_made_after_it() -> None:
    recording = recorded("local")
    env, given = environment(bootstrap(recording)), data(recording, "flagsmith-bootstrap-keys")
    wanted = json.loads(env["BOOTSTRAP"])
    assert [item["environment"] for item in wanted["keys"]] == wanted["environments"]
    for item in wanted["keys"]:
        (server,) = item["servers"]
        values = [given[env[variable]["secretKeyRef"]["key"]] for variable in (item["client"], server["variable"])]
        found = data(recording, item["secret"])
        assert values == [found["FLAGSMITH_ENVIRONMENT_KEY"], found["FLAGSMITH_SERVER_KEY"]]
        needed = recording.needed_by(recording.object("Secret", item["secret"]))
        assert any(name.startswith("Job/flagsmith-bootstrap-") for name in needed)
    job = recording.object("Job", "flagsmith-bootstrap-")
    assert "Secret/flagsmith-bootstrap-keys" in recording.needed_by(job)


def test_keys_are_in_secrets_alone_and_marked_as_secret() -> None:
    program = recorded("local").program
    keys = {
        value
        for name in ("development", "staging", "production")
        for key, value in data(recorded("local"), f"flagsmith-sdk-keys-{name}").items()
        if key != "FLAGSMITH_API_URL"
    }
    elsewhere = json.dumps([item.manifest for item in program.objects if item.ref.kind != "Secret"])
    assert not [key for key in keys if key in elsewhere or key in json.dumps(dict(program.outputs), default=str)]
    made = [item for item in recorded("local").registrations.values() if item.name.startswith(("sdk-", "sdk-keys"))]
    secrets = [item for item in made if item.type == "kubernetes:core/v1:Secret"]
    assert len(secrets) == 4
    assert all(("data",) in item.secret_paths for item in secrets), "Pulumi's state has them encrypted"


def test_the_jobs_have_no_token_for_kubernetes() -> None:
    assert bootstrap(recorded("production"))["spec"]["automountServiceAccountToken"] is False


def test_a_new_stack_claims_all_and_one_that_exists_what_its_last_deployment_made() -> None:
    settings = load_stack("local", ROOT).settings
    everything = settings.admin.environments
    assert claimed(settings, lambda: None) == everything
    assert claimed(settings, lambda: EXISTING) == ("staging",)
    known = settings.sdk_keys.model_copy(update={"client_keys": {"production": "abc"}})
    assert claimed(settings.model_copy(update={"sdk_keys": known}), lambda: EXISTING) == ("staging", "production")


def test_what_the_record_of_the_last_deployment_says_decides_and_without_a_record_the_stack_is_new() -> None:
    settings = load_stack("local", ROOT).settings
    older = recorded_data("Secret", "flagsmith-admin")
    newer = recorded_data("Secret", "flagsmith-sdk-keys-staging")
    other = recorded_data("ConfigMap", "flagsmith-sdk-keys-production")
    for answer, expected in (
        (None, settings.admin.environments),
        ({}, settings.admin.environments),
        ({"data": older}, ()),
        ({"data": newer}, ("staging",)),
        ({"data": other}, ()),
    ):
        record_of = deployed(lambda _, answer=answer: answer, "feature-flags")  # type: ignore[misc]
        assert claimed(settings, lambda record_of=record_of: secrets(record_of)) == expected  # type: ignore[misc]


def recorded_data(kind: str, name: str) -> dict[str, str]:
    return written(Deployment("local", "2.265.0", (DeclaredObject("v1", kind, name),)))


def test_nobody_asks_where_the_settings_say_it() -> None:
    settings = load_stack("local", ROOT).settings

    def ask() -> None:
        raise AssertionError("was asked")

    for update in ({"environments": ()}, {"client_keys": dict.fromkeys(settings.admin.environments, "abc")}):
        stated = settings.sdk_keys.model_copy(update=update)
        claimed(settings.model_copy(update={"sdk_keys": stated}), ask)


def test_a_client_key_of_the_settings_is_the_one_in_the_secret_and_none_is_generated() -> None:
    recording = record("local", {"sdkKeys": {"clientKeys": {"production": CLIENT_KEY}}})
    assert data(recording, "flagsmith-sdk-keys-production")["FLAGSMITH_ENVIRONMENT_KEY"] == CLIENT_KEY
    assert "sdk-keys-production-client" not in recording.program.generated
    assert "sdk-keys-staging-client" in recording.program.generated


def test_an_environment_that_is_left_out_has_no_secret_and_no_variable() -> None:
    recording = record("local", {"sdkKeys": {"environments": ["staging"]}})
    made = {item["metadata"]["name"] for item in recording.all("Secret")}
    assert {name for name in made if "sdk-keys" in name} == {"flagsmith-sdk-keys-staging"}
    none = record("local", {"sdkKeys": {"environments": []}})
    assert "flagsmith-bootstrap-keys" not in {item["metadata"]["name"] for item in none.all("Secret")}
    assert not [name for name in environment(bootstrap(none)) if name.startswith("SDK_KEY_")]


def test_keys_of_an_existing_secret_are_read_by_the_bootstrap_and_by_nobody_copied() -> None:
    recording = record("local", {"sdkKeys": {"existingSecrets": {"production": "shop-keys"}}})
    env = environment(bootstrap(recording))
    read = [item["secretKeyRef"] for name, item in env.items() if name.startswith("SDK_KEY_2_")]
    assert [(item["name"], item["key"], item["optional"]) for item in read] == [
        ("shop-keys", "FLAGSMITH_ENVIRONMENT_KEY", True),
        ("shop-keys", "FLAGSMITH_SERVER_KEY", True),
    ]
    assert "flagsmith-sdk-keys-production" not in {item["metadata"]["name"] for item in recording.all("Secret")}
    assert recording.program.outputs["sdkKeys"]["production"] == "shop-keys"  # type: ignore[index]


def test_keys_of_a_store_are_taken_from_it_by_the_operator() -> None:
    stored = {"production": {"key": "flags/production"}}
    store = {"name": "vault", "secrets": {"sdkKeys": stored}}
    recording = record("local", {"secretStore": store, "apiVersions": ["external-secrets.io/v1"]})
    made = recording.one("ExternalSecret", "flagsmith-sdk-keys-production")
    assert [item["secretKey"] for item in made["spec"]["data"]] == ["FLAGSMITH_ENVIRONMENT_KEY", "FLAGSMITH_SERVER_KEY"]
    job = recording.object("Job", "flagsmith-bootstrap-")
    assert "ExternalSecret/flagsmith-sdk-keys-production" in recording.needed_by(job)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"admin": {"environments": ["Prod", "prod"]}}, "flagsmith-sdk-keys-prod, as 'Prod' has"),
        ({"sdkKeys": {"clientKeys": {"live": "abc"}}}, "is none of admin.environments"),
        ({"sdkKeys": {"clientKeys": {"production": SERVER_KEY}}}, "a server-side key of Flagsmith"),
        ({"sdkKeys": {"clientKeys": {"production": "a b"}}}, "must be an environment's client key"),
        ({"sdkKeys": {"clientKeys": {"production": "abc", "staging": "abc"}}}, "is the client key of another"),
        ({"sdkKeys": {"environments": ["staging", "staging"]}}, "is given twice"),
        (
            {"sdkKeys": {"clientKeys": {"production": "abc"}, "existingSecrets": {"production": "x"}}},
            "remove one of the two",
        ),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], said: str) -> None:
    stack = load_stack("local", ROOT)
    config = {**stack.config, **{f"feature-flags:{key}": value for key, value in settings.items()}}
    with pytest.raises(SettingsError) as refused:
        _ = type(stack)(stack.name, stack.project, config, stack.defaults, stack.path).settings
    assert said in str(refused.value)
    assert SERVER_KEY not in str(refused.value), "a secret is not repeated"


@pytest.mark.parametrize(
    ("environment_name", "name"),
    [("Production (EU)", "flagsmith-sdk-keys-production-eu"), ("production", "flagsmith-sdk-keys-production")],
)
def test_an_environment_of_any_name_has_a_secret_with_a_valid_one(environment_name: str, name: str) -> None:
    assert names.sdk_keys(environment_name) == name == own_name(sdk_keys(environment_name))
    assert names.sdk_keys("生产") != names.sdk_keys("测试")


def test_keys_are_called_by_stack_and_secret_within_what_flagsmith_takes() -> None:
    assert server_key_name("live", "flags", "s") == "ff stack live: flags/s"
    long = [server_key_name("live", "flags", f"{'x' * 200}{number}") for number in range(2)]
    assert len(set(long)) == 2
    assert {len(name) for name in long} == {LONGEST}
