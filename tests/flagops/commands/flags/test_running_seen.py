"""What a runner sees of a flag and its environment beside the share."""

from datetime import UTC, datetime
from typing import Any

import pytest

from components.rollouts.in_pod.project import Rollouts
from components.rollouts.in_pod.turn import turn
from flagops.flagsmith_api.client import FlagsmithError
from tests.flagops.commands.flags.rolling import CATALOGUE, FLAG, Rolling
from tests.flagops.commands.flags.switching import states


def test_an_override_that_somebody_puts_before_its_own_pauses_it_and_one_behind_does_not(rolling: Rolling) -> None:
    rolling.turn()
    rolling.pass_by(6)
    client = rolling.server.client
    rules = [{"type": "ALL", "conditions": [], "rules": []}]
    made = client.post("/api/v1/projects/1/segments/", {"name": "testers", "rules": rules})
    rows = client.pages("/api/v1/environments/", {"project": 1})
    environment = next(row for row in rows if row["name"] == "production")
    (feature,) = [row for row in client.pages("/api/v1/projects/1/features/") if row["name"] == FLAG]
    path = f"/api/v1/environments/{environment['api_key']}/features/{feature['id']}/create-segment-override/"
    nothing = {"type": "unicode", "string_value": ""}
    client.post(path, {"feature_segment": {"segment": made["id"]}, "enabled": False, "feature_state_value": nothing})
    links = "/api/v1/features/feature-segments/"
    where = {"environment": environment["id"], "feature": feature["id"]}
    order = {row["segment"]: row["id"] for row in client.pages(links, where)}

    def first(number: int) -> None:
        ranked = sorted(order, key=lambda segment: segment != number)
        body = [{"id": order[segment], "priority": rank} for rank, segment in enumerate(ranked)]
        client.post(f"{links}update-priorities/", body)

    first(rolling.segment()["id"])
    assert rolling.turn().decision.share == 50
    first(made["id"])
    rolling.pass_by(24)
    said = rolling.turn()
    assert said.decision.memory is not None
    assert (said.decision.action, said.decision.memory.cause, said.decision.share) == ("note", "hand", 50)
    assert "somebody put an override of testers before its share" in said.decision.why
    assert rolling.turn().decision.action == "wait"
    # Who resumes it takes it as it is.
    done = rolling.ff_rollout("resume", FLAG, "--reason", "They may.", "--yes")
    assert done.exit_code == 0, done.stderr
    rolling.pass_by(24)
    assert rolling.turn().decision.share == 100


def test_an_environment_that_it_may_not_see_is_said_and_warned_of(rolling: Rolling) -> None:
    client = rolling.server.client

    class Blind:
        """As one whose account was made before the environment."""

        get, patch, now = client.get, client.patch, client.now

        def pages(self, path: str, params: Any = None) -> Any:
            return iter(()) if path == "/api/v1/environments/" else client.pages(path, params)

    (said,) = turn(Rollouts(Blind(), 1), None, lambda: datetime.now(UTC), (FlagsmithError,))
    assert (said.decision.action, said.decision.warns) == ("wait", True)
    assert "the environment production is not there, or its account may not see it" in said.decision.why


@pytest.mark.parametrize(
    ("text", "goes_on"), [('{\n  "b": [2.5],\n  "a": {"c": null}\n}', True), ('{"a": {"c": 0}, "b": [2.5]}', False)]
)
def test_json_that_an_editor_writes_otherwise_is_the_same_value(rolling: Rolling, text: str, goes_on: bool) -> None:
    assert rolling.apply(f"{CATALOGUE}      value: {{a: {{c: null}}, b: [2.5]}}\n").exit_code == 0
    rolling.turn()
    rolling.pass_by(6)
    (state,) = [item for item in states(rolling.server, FLAG) if item["feature_segment"]]
    changed = {**state, "feature_state_value": {**state["feature_state_value"], "string_value": text}}
    rolling.server.client.put(f"/api/v1/features/featurestates/{state['id']}/", changed)
    assert rolling.turn().decision.share == (50 if goes_on else 5)
