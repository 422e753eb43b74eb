"""Server-side keys that move: to another Secret, or with the stack to another namespace."""

import pytest

from tests.components.flagsmith.bootstrap.conftest import EDGE, ENVIRONMENTS, Database, Pod, add, pod_of

SERVER_NAME = "ff stack local: feature-flags/flagsmith-sdk-keys-production"


def names_of(database: Database, name: str) -> dict[str, str]:
    """How Flagsmith calls the server-side keys of an environment."""
    found = database.query(
        "SELECT key, k.name FROM environments_environmentapikey AS k"  # noqa: S608
        f" JOIN environments_environment AS e ON e.id = environment_id WHERE e.name = '{name}'"
    )
    return dict(found)


def test_a_key_that_moves_to_another_secret_keeps_on_working_under_its_new_name(deployed: Database, pod: Pod) -> None:
    """The generated Secret was copied, and the copy is named in its place."""
    less = {"edge": {"enabled": False}, "sdkKeys": {"existingSecrets": {"production": "copied"}, "overlapHours": 0}}
    copy = {"FLAGSMITH_ENVIRONMENT_KEY": pod.client("production"), "FLAGSMITH_SERVER_KEY": pod.server("production")}
    moved = pod_of(less, pod.generated, {"copied": copy})
    said = deployed.run(moved)
    assert deployed.servers("production") == {pod.server("production"): None}, said
    new = {pod.server("production"): "ff stack local: feature-flags/copied"}
    assert names_of(deployed, "production") == new
    assert f"{SERVER_NAME!r} is 'ff stack local: feature-flags/copied' now" in said
    renewed = moved.given(SDK_KEY_2_APPLICATIONS="ser.renewed")
    deployed.run(renewed)
    assert deployed.servers("production") == {"ser.renewed": None}, "the key before is known by its new name"


def test_a_key_of_a_namespace_before_ends_with_the_rotation_after_the_move(deployed: Database, pod: Pod) -> None:
    settings = {"sdkKeys": {"overlapHours": 0}, "namespace": {"name": "moved"}}
    deployed.run(pod_of(settings, pod.generated))
    for name in ENVIRONMENTS:
        assert names_of(deployed, name)[pod.server(name)] == f"ff stack local: moved/flagsmith-sdk-keys-{name}"
    new = pod_of({**settings, "rotations": {"sdk": 1}}, pod.generated)
    deployed.run(new)
    for name in ENVIRONMENTS:
        assert pod.server(name) not in deployed.servers(name)
        assert deployed.servers(name)[new.server(name)] is None


def test_keys_that_change_places_lose_neither_their_end_nor_their_names(deployed: Database, pod: Pod) -> None:
    settings = {"edge": EDGE, "sdkKeys": {"overlapHours": 1}}
    swapped = pod_of(settings, pod.generated).given(
        SDK_KEY_2_APPLICATIONS=pod.server("production", "edge"), SDK_KEY_2_EDGE=pod.server("production")
    )
    said = deployed.run(swapped)
    assert "an old key" not in said
    assert set(deployed.servers("production").values()) == {None}
    assert names_of(deployed, "production") == {
        pod.server("production", "edge"): SERVER_NAME,
        pod.server("production"): "ff stack local: feature-flags/flagsmith-edge-keys",
    }


@pytest.mark.parametrize("name", ["my own", "ff: shop/flagsmith-keys", "ff stack other: feature-flags/copied"])
def test_a_key_of_another_name_that_a_secret_has_keeps_its_name(deployed: Database, pod: Pod, name: str) -> None:
    add(deployed, "production", "ser.theirs", name)
    given = pod.given(SDK_KEY_2_APPLICATIONS="ser.theirs")
    deployed.run(given)
    assert names_of(deployed, "production")["ser.theirs"] == name
    assert deployed.servers("production")["ser.theirs"] is None
