"""Environments that exist: no client key changes and no user is drawn anew, whatever is deployed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from flag_engine.engine import get_evaluation_result

from tests.components.flagsmith.bootstrap.conftest import EDGE, ENVIRONMENTS, Database, Pod, add, pod_of, rotated

USERS = [f"user-{number}" for number in range(200)]
WEIGHTS = ((50,), (10, 30), (33.3, 33.3, 33.4), (1, 2, 3, 4))


def variants(database: Database, weights: Sequence[float]) -> dict[tuple[str, str], object]:
    """What each user gets in each environment, drawn as Flagsmith does: by the client key and the user."""
    split = [{"value": f"variant {n}", "weight": weight, "priority": n} for n, weight in enumerate(weights)]
    feature = {"key": "17", "name": "checkout", "enabled": True, "value": "control", "variants": split}
    drawn = {}
    for name, key, composite in database.query(
        "SELECT name, api_key, use_mv_v2_evaluation FROM environments_environment"
    ):
        assert composite, "the identity's key is that of the environment and the user"
        for user in USERS:
            context = {
                "environment": {"key": key, "name": name},
                "identity": {"identifier": user, "key": f"{key}_{user}"},
                "features": {"checkout": feature},
            }
            drawn[name, user] = get_evaluation_result(context)["flags"]["checkout"]["value"]  # type: ignore[arg-type]
    return drawn


@pytest.fixture
def adopted(older: Database) -> Pod:
    """The stack after `ff keys adopt`."""
    return pod_of({"edge": EDGE, "sdkKeys": {"clientKeys": older.clients}})


def test_the_client_key_before_equals_the_one_after_and_so_does_every_users_variant(
    older: Database, adopted: Pod
) -> None:
    clients, before = older.clients, {weights: variants(older, weights) for weights in WEIGHTS}
    rows = older.rows
    older.run(adopted)
    assert older.clients == clients
    assert {weights: variants(older, weights) for weights in WEIGHTS} == before
    for name in ENVIRONMENTS:
        assert older.servers(name) == {adopted.server(name): None, adopted.server(name, "edge"): None}
    added = {"environments_environmentapikey"}
    assert {table: found for table, found in older.rows.items() if table not in added} == {
        table: found for table, found in rows.items() if table not in added
    }, "a server-side key is all that is added"
    older.run(rotated(adopted, sdkKeys={"clientKeys": clients, "overlapHours": 1}))
    assert {weights: variants(older, weights) for weights in WEIGHTS} == before


def test_another_client_key_would_draw_users_anew(older: Database) -> None:
    before = {weights: variants(older, weights) for weights in WEIGHTS}
    older.query("UPDATE environments_environment SET api_key = 'another' WHERE name = 'production'")
    for weights in WEIGHTS:
        after = variants(older, weights)
        moved = {name for name, user in after if after[name, user] != before[weights][name, user]}
        assert moved == {"production"}, weights


def test_all_client_keys_that_are_others_than_the_stacks_are_named_at_once_and_nothing_is_written(
    older: Database, pod: Pod
) -> None:
    said = older.refuses(pod)
    assert "are to hold the keys of development, staging, production of the project 'FootAnalytics'" in said
    lines = "".join(f'\n      "{name}": {key}' for name, key in older.clients.items())
    assert f"  feature-flags:sdkKeys:\n    clientKeys:{lines}\n" in said
    older.run(pod_of({"edge": EDGE, "sdkKeys": {"clientKeys": older.clients}}))


def test_environments_of_another_database_are_named_with_those_that_have_another_key(older: Database, pod: Pod) -> None:
    older.query("UPDATE environments_environment SET name = 'Production' WHERE name = 'production'")
    said = older.refuses(pod)
    assert f'"staging": {older.clients["staging"]}' in said
    assert "the keys of production of the project 'FootAnalytics', and there are none" in said
    assert "feature-flags:sdkKeys.environments" in said


def test_one_environment_of_another_key_holds_up_the_others_too(older: Database, adopted: Pod, pod: Pod) -> None:
    said = older.refuses(adopted.given(SDK_KEY_2_CLIENT=pod.client("production")))
    assert f'"production": {older.clients["production"]}' in said


def test_a_renamed_environment_is_found_by_its_client_key(older: Database, adopted: Pod) -> None:
    older.query("UPDATE environments_environment SET name = 'live' WHERE name = 'production'")
    assert "environment production: is called live now" in older.run(adopted)
    assert set(older.servers("live")) == {adopted.server("production"), adopted.server("production", "edge")}


def test_renewed_keys_work_at_once_and_those_before_for_the_overlap(deployed: Database, pod: Pod) -> None:
    add(deployed, "production", "ser.of-a-person", "my own")
    new = rotated(pod)
    assert new.client("production") == pod.client("production")
    assert new.server("production") != pod.server("production")
    started = datetime.now(UTC)
    deployed.run(new)
    found = deployed.servers("production")
    for purpose in ("applications", "edge"):
        assert found.pop(new.server("production", purpose)) is None
        until = found.pop(pod.server("production", purpose)) - started
        assert timedelta(hours=24) <= until < timedelta(hours=24, minutes=2)
    assert found == {"ser.of-a-person": None}
    before = deployed.rows
    deployed.run(new)
    assert deployed.rows == before, "another run does not lengthen the overlap"
    deployed.query("UPDATE environments_environmentapikey SET expires_at = now() WHERE expires_at IS NOT NULL")
    deployed.run(new)
    assert set(deployed.servers("production")) == {
        new.server("production"),
        new.server("production", "edge"),
        "ser.of-a-person",
    }, "Flagsmith accepts a key that is over until it is deleted"


def test_without_an_overlap_the_keys_before_are_deleted_at_once(deployed: Database, pod: Pod) -> None:
    # Without an edge, whose proxies ask with the old keys until they have the new ones.
    new = rotated(pod, edge={"enabled": False}, sdkKeys={"overlapHours": 0})
    deployed.run(new)
    for name in ENVIRONMENTS:
        assert deployed.servers(name) == {new.server(name): None}


def test_keys_that_are_put_back_work_again(deployed: Database, pod: Pod) -> None:
    new = rotated(pod)
    deployed.run(new)
    deployed.query("UPDATE environments_environmentapikey SET active = false WHERE expires_at IS NOT NULL")
    deployed.run(pod)
    for name in ENVIRONMENTS:
        found = deployed.servers(name)
        assert found[pod.server(name)] is None
        assert found[new.server(name)] is not None


def test_keys_that_the_stack_does_not_need_any_more_come_to_their_end_and_nobody_elses(
    deployed: Database, pod: Pod
) -> None:
    others = (
        "my own",
        "ff: shop/flagsmith-keys",
        "ff stack other: feature-flags/flagsmith-edge-keys",
        "ff stack local: elsewhere/flagsmith-edge-keys",
        "ff stack local-2: feature-flags/flagsmith-edge-keys",
    )
    for number, name in enumerate(others):
        add(deployed, "staging", f"ser.{number}", name)
    theirs = {f"ser.{number}": None for number in range(len(others))}
    less = pod_of({"sdkKeys": {"environments": ["production"]}}, pod.generated)
    started = datetime.now(UTC)
    said = deployed.run(less)
    assert "environment staging: an old key 'ff stack local: feature-flags/flagsmith-edge-keys'" in said
    told = [line for line in said.splitlines() if "delete the key in Flagsmith" in line]
    assert len(told) == 1
    assert (
        "'ff stack local: elsewhere/flagsmith-edge-keys' is a key of a stack of this name in another namespace"
        in told[0]
    )
    found = {name: deployed.servers(name) for name in ENVIRONMENTS}
    assert found["production"].pop(pod.server("production")) is None
    ends = [until for name in ENVIRONMENTS for key, until in found[name].items() if key not in theirs]
    assert len(ends) == 5, "the edge's three, and two of applications"
    assert all(timedelta(hours=24) <= until - started < timedelta(hours=24, minutes=2) for until in ends)
    now = pod_of({"sdkKeys": {"environments": ["production"], "overlapHours": 0}}, pod.generated)
    deployed.run(now)
    assert deployed.servers("production") == {pod.server("production"): None}
    assert (deployed.servers("development"), deployed.servers("staging")) == ({}, theirs)


def test_keys_of_a_secret_that_is_not_there_for_a_while_stay(deployed: Database, pod: Pod) -> None:
    before = deployed.rows
    deployed.run(pod.given(SDK_KEY_1_CLIENT=None, SDK_KEY_0_EDGE=None))
    assert deployed.rows == before


def test_a_check_tells_what_would_be_and_writes_nothing(older: Database, adopted: Pod, pod: Pod) -> None:
    before = older.rows
    said = older.run(adopted.given(BOOTSTRAP_CHECK="true"))
    assert "environment production: the server-side key" in said
    assert older.rows == before
    assert f'"production": {older.clients["production"]}' in older.refuses(pod.given(BOOTSTRAP_CHECK="true"))
