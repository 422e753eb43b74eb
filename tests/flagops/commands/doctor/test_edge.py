"""What the doctor and the smoke tests see of the edge, by answers that a real proxy gave."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flagops.commands.doctor.edge import Proxy, ask_proxy, mixed, most_seconds, stale
from flagops.commands.doctor.edge_keys import faults
from flagops.commands.smoke.edge import WAYS
from flagops.commands.smoke.model import CheckResult, CheckStatus, SmokeTarget
from flagops.commands.smoke.suite import run_one
from flagops.commands.smoke.visit import visit
from flagops.pods.edge_keys import client_keys
from tests.doubles.edge import RECORDED, Edge, serve

NOW = datetime(2026, 11, 28, 8, 21, 0, tzinfo=UTC)
EVALUATED = ("/api/v1/flags/", "/api/v1/identities/")


def proxy(seconds: float, **documents: str) -> Proxy:
    return Proxy("edge-a", NOW - timedelta(seconds=seconds), documents)


def test_a_proxy_says_when_it_last_had_all_documents_and_whose_it_gives() -> None:
    with serve(Edge({"client": "client", "swapped": "another"})) as edge:
        found = ask_proxy("edge-a", edge.url, ["client", "swapped", "unknown"])
    assert found.updated == datetime.fromisoformat(RECORDED["ready"]["body"]["last_successful_update"] + "+00:00")
    assert found.documents == {"client": "client", "swapped": "another"}


def test_a_proxy_without_documents_and_one_that_does_not_answer_have_no_moment() -> None:
    with serve(Edge(updated=None)) as edge:
        assert ask_proxy("edge-a", edge.url, ["client"]) == Proxy("edge-a", None, {})
    assert ask_proxy("edge-a", edge.url, ["client"]) == Proxy("edge-a", None, {})


@pytest.mark.parametrize(
    ("age", "poll", "is_stale"), [(59, 10, False), (61, 10, True), (170, 30, False), (181, 30, True)]
)
def test_documents_are_stale_after_six_polls_and_never_sooner_than_after_a_minute(
    age: int, poll: int, *, is_stale: bool
) -> None:
    found = list(stale([proxy(0), proxy(age)], stack="local", most=most_seconds(poll), now=NOW))
    assert [finding.name for finding in found] == (["edge-stale"] if is_stale else [])
    if is_stale:
        assert f"{age} s ago" in found[0].evidence[0]


def test_a_pair_of_two_environments_is_named_by_both_public_keys() -> None:
    assert list(mixed([proxy(0, one="one", two="two")], fix="mend it")) == []
    (finding,) = mixed([proxy(0, one="two"), proxy(0, one="two")], fix="mend it")
    assert finding.name == "edge-keys-mixed"
    assert finding.evidence == ("for the client-side key one the document of two is given",)
    assert finding.fix == "mend it"


def secret(key: str, value: Any) -> dict[str, Any]:
    text = value if isinstance(value, str) else json.dumps(value)
    return {"data": {key: base64.b64encode(text.encode()).decode()}}


@pytest.mark.parametrize(
    ("found", "keys"),
    [
        (secret("ENVIRONMENT_KEY_PAIRS", [{"server_side_key": "ser.a", "client_side_key": "b"}]), ["b"]),
        (secret("config.json", {"environment_key_pairs": [{"client_side_key": "c"}]}), ["c"]),
        (secret("ENVIRONMENT_KEY_PAIRS", "not JSON"), []),
        (secret("ENVIRONMENT_KEY_PAIRS", {"server_side_key": "ser.a"}), []),
        (secret("OTHER", []), []),
        ({"data": {"ENVIRONMENT_KEY_PAIRS": "%"}}, []),
        (None, []),
    ],
)
def test_the_public_keys_are_read_from_both_forms_of_the_secret(found: Any, keys: list[str]) -> None:
    key = next((key for key in (found or {}).get("data", {}) if key != "OTHER"), "ENVIRONMENT_KEY_PAIRS")
    assert client_keys(found, key) == keys


GOOD = {"server_side_key": "ser.K4zzSECRETzz", "client_side_key": "client"}


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([GOOD], []),
        ("SECRET, no JSON", ["P is not JSON"]),
        ([], ["P is not a list of at least one pair"]),
        (GOOD, ["P is not a list of at least one pair"]),
        ([GOOD, "SECRET"], ["P: pair 2 is not an object with server_side_key and client_side_key"]),
        (
            [{**GOOD, "server_side_key": "SECRET"}],
            ["P: pair 1 has a server_side_key that does not begin with ser."],
        ),
        (
            [{**GOOD, "client_side_key": GOOD["server_side_key"]}],
            ["P: pair 1 has a server-side key, which begins with ser., as its client_side_key"],
        ),
        (
            [{"server_side_key": " "}],
            [
                "P: pair 1 has a server_side_key that is empty or no text",
                "P: pair 1 has no client_side_key",
            ],
        ),
        ([{**GOOD, "client_side_key": 7}], ["P: pair 1 has a client_side_key that is empty or no text"]),
    ],
)
def test_pairs_that_no_proxy_takes_are_told_by_their_place_and_never_by_their_value(
    pairs: Any, said: list[str]
) -> None:
    found = list(faults(secret("ENVIRONMENT_KEY_PAIRS", pairs), "ENVIRONMENT_KEY_PAIRS", is_file=False))
    assert found == [text.replace("P", "ENVIRONMENT_KEY_PAIRS", 1) for text in said]
    assert "SECRET" not in str(found)
    if pairs != "SECRET, no JSON":
        found = list(faults(secret("config.json", {"environment_key_pairs": pairs}), "config.json", is_file=True))
        assert found == [text.replace("P", "config.json, environment_key_pairs", 1) for text in said]


def test_a_secret_without_the_key_that_the_proxies_read_is_told() -> None:
    assert list(faults(secret("config.json", []), "ENVIRONMENT_KEY_PAIRS", is_file=False)) == [
        "it has no key ENVIRONMENT_KEY_PAIRS"
    ]
    assert list(faults({}, "config.json", is_file=True)) == ["it has no key config.json"]
    assert list(faults(secret("config.json", []), "config.json", is_file=True)) == [
        "config.json is not an object with environment_key_pairs"
    ]
    assert list(faults({"data": {"config.json": "%"}}, "config.json", is_file=True)) == ["config.json is not JSON"]


def smoke(name: str, edge: Edge, *, has_edge: bool = True) -> CheckResult:
    place = SmokeTarget(url=edge.url, environment_key="client", has_edge=has_edge, staleness=0)
    with visit(place) as opened:
        return run_one(name, opened)


def routed(path: str) -> bool:
    """As the public name leads: the two paths alone, as they stand."""
    return path.partition("?")[0] in EVALUATED


@pytest.mark.parametrize("name", ["edge", "edge-documents"])
def test_a_stack_whose_two_paths_lead_to_the_edge_passes(name: str) -> None:
    with serve(Edge({"client": "client"}, is_reached=routed)) as edge:
        assert smoke(name, edge).outcome is CheckStatus.PASSED
        assert smoke(name, edge, has_edge=False).outcome is CheckStatus.SKIPPED


def test_flags_that_the_api_answers_are_not_the_edge_s() -> None:
    with serve(Edge({"client": "client"}, is_reached=lambda _: False)) as edge:
        result = smoke("edge", edge)
    assert result.outcome is CheckStatus.FAILED
    assert "Flagsmith-Version" in result.detail


@pytest.mark.parametrize("leak", ["/api/v1/environment-document", "/api/v1/%65nvironment-document"])
def test_a_way_to_the_document_is_found_however_it_is_spelled(leak: str) -> None:
    assert leak in WAYS
    with serve(Edge({"client": "client"}, is_reached=lambda path: routed(path) or path == leak)) as edge:
        result = smoke("edge-documents", edge)
    assert result.outcome is CheckStatus.FAILED
    assert f"GET {leak} gives the environment's document" in result.detail


def test_no_way_is_made_shorter_before_it_is_sent() -> None:
    """A client that takes dots out of a path would ask for another one."""
    asked: list[str] = []

    def noted(path: str) -> bool:
        asked.append(path)
        return True

    with serve(Edge({}, is_reached=noted)) as edge:
        assert smoke("edge-documents", edge).outcome is CheckStatus.PASSED
    assert set(WAYS) <= set(asked)
