"""`ff smoke` at the public name of a stack with an edge: all checks pass where all is well, and a fault is seen."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from typer.testing import Result as CliResult

from flagops.commands.smoke import command, http, round_trip
from flagops.commands.smoke import visit as visiting
from flagops.commands.smoke.model import SmokeTarget
from flagops.flagsmith_api.client import FlagsmithClient
from tests.doubles.edge.evaluating import EvaluatingEdge
from tests.doubles.flagsmith import Flagsmith
from tests.doubles.proxy import serve_fault

Run = Callable[..., CliResult]


@pytest.fixture
def edge(flagsmith: Flagsmith, key: str) -> EvaluatingEdge:
    """A proxy in front of a Flagsmith that has flags with a value, segments, and one for servers alone."""
    with FlagsmithClient(flagsmith.url) as admin:
        admin.log_in(flagsmith.email, flagsmith.password)
        project = "/api/v1/projects/1"
        limit = admin.post(f"{project}/features/", {"name": "limit", "initial_value": "few", "default_enabled": True})
        admin.post(f"{project}/features/", {"name": "inside", "initial_value": "x", "is_server_key_only": True})
        condition = {"operator": "EQUAL", "property": "plan", "value": "premium"}
        rules = [{"type": "ALL", "rules": [{"type": "ANY", "rules": [], "conditions": [condition]}], "conditions": []}]
        segment = admin.post(f"{project}/segments/", {"name": "premium", "rules": rules})
        override = f"/api/v1/environments/{key}/features/{limit['id']}/create-segment-override/"
        value = {"type": "unicode", "string_value": "many"}
        content = {"feature_segment": {"segment": segment["id"]}, "enabled": True, "feature_state_value": value}
        admin.post(override, content)
        made = admin.post(f"/api/v1/environments/{key}/api-keys/", {"name": "ff stack local: …/flagsmith-edge-keys"})
    return EvaluatingEdge(key, str(made["key"]))


@pytest.fixture
def public(flagsmith: Flagsmith, edge: EvaluatingEdge, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the stack, which `ff smoke` tests."""
    monkeypatch.setattr(http, "START_SECONDS", 2.0)
    for module in (visiting, round_trip):
        monkeypatch.setattr(module, "MARGIN", 0.5)
    with serve_fault(flagsmith.url, edge) as url:
        place = SmokeTarget(
            url=url,
            environment="development",
            version=flagsmith.version,
            staleness=0.5,
            authenticate=lambda client: client.log_in(flagsmith.email, flagsmith.password),
            seconds=60,
            has_edge=True,
        )

        @contextmanager
        def stack(*_: object, **__: object) -> Iterator[SmokeTarget]:
            yield place

        monkeypatch.setattr(command, "_place", stack)
        yield url


def results(shown: Any) -> dict[str, tuple[str, str]]:
    return {item["name"]: (item["outcome"], item["detail"]) for item in json.loads(shown.stdout)}


@pytest.mark.usefixtures("public")
def test_a_stack_with_an_edge_that_is_well_passes_every_check_and_says_what_it_did_not_ask(
    flagsmith: Flagsmith, run: Run
) -> None:
    shown = run("smoke", "--json")
    found = results(shown)
    assert shown.exit_code == 0, shown.stdout
    assert not [name for name, (outcome, _) in found.items() if outcome == "failed"]
    skipped = {name for name, (outcome, _) in found.items() if outcome == "skipped"}
    assert skipped == {"values", "certificate", "redirect", "unpublished", "further-names"}
    assert found["values"][1] == "an edge does not say with which values flags were made"
    assert found["environment-document"][1].endswith("the edge was not asked with a server-side key")
    assert round_trip.AT_EDGE in found["round-trip"][1]
    assert found["edge"][0] == found["edge-documents"][0] == "passed"
    assert [row["name"] for row in flagsmith.database.rows("features")] == ["limit", "inside"]


@pytest.mark.usefixtures("public")
def test_an_edge_whose_documents_stay_old_fails(edge: EvaluatingEdge, run: Run) -> None:
    edge.is_frozen = True
    shown = run("smoke", "--json")
    assert shown.exit_code == 1
    assert "after the flags were made: " in results(shown)["round-trip"][1]


@pytest.mark.usefixtures("public")
def test_an_edge_that_shows_flags_for_servers_to_clients_fails(edge: EvaluatingEdge, run: Run) -> None:
    extra = {"feature": {"id": 2, "name": "inside", "type": "STANDARD"}, "enabled": False, "feature_state_value": "x"}

    def leaking(body: Any) -> Any:
        return [*body, extra] if isinstance(body, list) else {**body, "flags": [*body["flags"], extra]}

    edge.changed = leaking
    shown = run("smoke", "--json", "--skip", "round-trip")
    assert shown.exit_code == 1
    assert "inside is off with 'x', not not there" in results(shown)["environment-document"][1]


@pytest.mark.usefixtures("public")
def test_an_edge_that_ignores_traits_fails(edge: EvaluatingEdge, run: Run) -> None:
    def everybodys(flags: Any) -> Any:
        limit = {"feature_state_value": "few"}
        return [{**flag, **(limit if flag["feature"]["name"] == "limit" else {})} for flag in flags]

    edge.changed = lambda body: body if isinstance(body, list) else {**body, "flags": everybodys(body["flags"])}
    shown = run("smoke", "--json", "--skip", "round-trip")
    assert shown.exit_code == 1
    assert "limit is on with 'few', not on with 'many'" in results(shown)["environment-document"][1]
