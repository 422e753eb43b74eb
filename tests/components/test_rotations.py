"""Rotations: another number is another value of that secret alone, and the value before stays where it is needed."""

import base64
from collections.abc import Mapping

import pytest

from components.settings.sections.rotations import RotationsSettings
from tests.recording import Recording, record, recorded, rotated

NAMES = tuple(RotationsSettings.model_fields)
SECRETS: Mapping[str, tuple[str, ...]] = {
    "cookies": ("flagsmith-django",),
    "warehouse": ("flagsmith-django",),
    "sdk": (
        "flagsmith-bootstrap-keys",
        "flagsmith-sdk-keys-development",
        "flagsmith-sdk-keys-production",
        "flagsmith-sdk-keys-staging",
    ),
}

NEEDS: Mapping[str, Mapping[str, object]] = {"rollouts": {"rollouts": {"enabled": True}}}
"""Whose secret there is with other settings alone."""


def data(recording: Recording) -> dict[str, dict[str, str]]:
    """What each Secret holds."""
    return {
        item["metadata"]["name"]: {key: base64.b64decode(value).decode() for key, value in item["data"].items()}
        for item in recording.all("Secret")
    }


def before_of(name: str) -> Recording:
    """The recording of a stack that has this secret, and was deployed without rotations."""
    return record("local", NEEDS.get(name))


def after(rotations: Mapping[str, int], generated: Mapping[str, str] | None = None) -> Recording:
    """The recording of such a stack with these rotations: the values of before are on record, or `generated`."""
    (name,) = rotations
    return rotated("local", rotations, generated or before_of(name).program.generated, NEEDS.get(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_rotation_renews_that_secret_alone(name: str) -> None:
    before, renewed = data(before_of(name)), data(after({name: 1}))
    changed = {secret for secret in renewed if renewed[secret] != before[secret]}
    assert changed == set(SECRETS.get(name, (f"flagsmith-{name}",)))


@pytest.mark.parametrize("name", NAMES)
def test_the_same_number_keeps_the_value_and_the_next_makes_another(name: str) -> None:
    secret = SECRETS.get(name, (f"flagsmith-{name}",))[0]
    first = after({name: 1})
    generated = dict(first.program.generated)
    assert data(after({name: 1}, generated)) == data(first)
    assert data(after({name: 2}, generated))[secret] != data(first)[secret]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("django", "DJANGO_SECRET_KEY"),
        ("cookies", "COOKIE_AUTH_JWT_SIGNING_KEY"),
        ("warehouse", "WAREHOUSE_CREDENTIALS_SECRET"),
    ],
)
def test_each_of_djangos_keys_is_renewed_by_itself(name: str, key: str) -> None:
    before, renewed = data(recorded("local"))["flagsmith-django"], data(after({name: 3}))["flagsmith-django"]
    assert {item for item in renewed if renewed[item] != before[item]} == {key}
    assert len(renewed[key]) == 50


def test_a_rotation_of_the_sdk_keys_changes_server_side_keys_alone() -> None:
    before, renewed = data(recorded("local")), data(after({"sdk": 1}))
    for name in SECRETS["sdk"]:
        changed = {key for key in renewed[name] if renewed[name][key] != before[name][key]}
        assert changed, name
        assert not [key for key in changed if "client" in key or (key != key.lower() and key != "FLAGSMITH_SERVER_KEY")]


def test_the_application_logs_in_as_two_roles_in_turn_and_the_one_before_keeps_its_password() -> None:
    found: list[tuple[str, str]] = []
    generated = dict(recorded("local").program.generated)
    for number in (0, 1, 2, 3):
        recording = rotated("local", {"database": number}, generated)
        generated = dict(recording.program.generated)
        secret = data(recording)["flagsmith-database"]
        found.append((secret["username"], secret["password"]))
        assert len(found) == 1 or found[-2][1] in generated.values(), "a step back finds the password of before"
    assert [name for name, _ in found] == ["flagsmith_a", "flagsmith_b", "flagsmith_a", "flagsmith_b"]
    assert len({password for _, password in found}) == 4


def test_the_administrators_secret_holds_the_password_before_by_which_the_new_one_is_set() -> None:
    passwords: list[str] = []
    generated = dict(recorded("local").program.generated)
    for number in (0, 1, 2, 3):
        recording = rotated("local", {"postgres": number}, generated)
        generated = dict(recording.program.generated)
        secret = data(recording)["flagsmith-postgres"]
        assert secret.get("previous") == (passwords[-1] if passwords else None)
        passwords.append(secret["password"])
    assert len(set(passwords)) == 4


def test_a_rotation_runs_the_jobs_of_its_roles_again_and_no_migration() -> None:
    def jobs(recording: Recording) -> dict[str, str]:
        names = [job["metadata"]["name"].rpartition("-") for job in recording.all("Job")]
        return {name: digest for name, _, digest in names}

    before = jobs(recorded("local"))
    rerun = {
        "database": {"flagsmith-roles", "flagsmith-retire"},
        "postgres": {"flagsmith-roles"},
        "audit": {"flagsmith-roles"},
        "analytics": {"flagsmith-roles"},
        "redis": set(),
        "django": set(),
        "sdk": {"flagsmith-bootstrap"},
    }
    for name, expected in rerun.items():
        found = jobs(after({name: 1}))
        assert {job for job in found if found[job] != before[job]} == expected, name
