"""Overrides beside the share's own: where somebody moves, switches or removes one, other people have the flag."""

from collections.abc import Callable
from typing import Any

import pytest

from components.rollouts.in_pod.states import Action, Cause
from tests.flagops.commands.flags.rolling import Rolling
from tests.flagops.commands.flags.switching import feature, number, states
from tests.flagops.commands.flags.test_running_brought import OF_BETA

LINKS = "/api/v1/features/feature-segments/"
CATALOGUE = OF_BETA.replace("    rollout:", "    targeting: [{segment: staff, enabled: true}]\n    rollout:")
SHARE, REST, STAFF = "banner.production.beta", "beta", "staff"


class Overrides:
    """The overrides of the banner in production."""

    def __init__(self, rolling: Rolling) -> None:
        self.client, self._server = rolling.server.client, rolling.server
        rows = self.client.pages("/api/v1/projects/1/segments/")
        self._numbers = {row["name"]: row["id"] for row in rows}
        where = {"environment": number(self._server, "production"), "feature": feature(self._server, "banner")["id"]}
        self.links = {row["segment"]: row["id"] for row in self.client.pages(LINKS, where)}

    def order(self, *names: str) -> None:
        body = [{"id": self.links[self._numbers[name]], "priority": rank} for rank, name in enumerate(names)]
        self.client.post(f"{LINKS}update-priorities/", body)

    def remove(self, name: str) -> None:
        self.client.delete(f"{LINKS}{self.links[self._numbers[name]]}/")

    def change(self, name: str, **fields: Any) -> None:
        link = self.links[self._numbers[name]]
        (state,) = [row for row in states(self._server, "banner") if row["feature_segment"] == link]
        self.client.put(f"/api/v1/features/featurestates/{state['id']}/", {**state, **fields})


OTHER = {"type": "unicode", "string_value": "other", "integer_value": None, "boolean_value": None}


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (lambda them: them.order(STAFF, REST, SHARE), "the override of beta, for the rest of that segment"),
        (lambda them: them.order(SHARE, STAFF, REST), "the override of staff behind its share"),
        (lambda them: them.remove(STAFF), "the override of staff behind its share in production, or removed it"),
        (lambda them: them.remove(REST), "in production, before its share, or removed it"),
        (lambda them: them.change(REST, enabled=True), "switched the rest of beta in production on"),
        (lambda them: them.change(REST, feature_state_value=OTHER), "gave the rest of beta in production another"),
    ],
    ids=["rest before", "own behind", "own removed", "rest removed", "rest on", "rest of another value"],
)
def test_another_order_and_another_rest_pause_it(
    rolling: Rolling, what: Callable[[Overrides], None], said: str
) -> None:
    rolling.name = SHARE
    done = rolling.apply(CATALOGUE)
    assert done.exit_code == 0, done.stderr
    assert rolling.turn().decision.share == 5
    assert rolling.turn().decision.action is Action.WAIT
    what(Overrides(rolling))
    look = rolling.turn().decision
    assert look.memory is not None
    assert (look.action, look.memory.cause, look.share) == (Action.NOTE, Cause.HAND, 5)
    assert said in look.why
    rolling.pass_by(100)
    assert rolling.turn().decision.action is Action.WAIT


def test_the_order_of_the_others_is_nobody_s_matter(rolling: Rolling) -> None:
    two = CATALOGUE.replace("beta: {", "testers: {description: T, all: [{trait: t, operator: IS_SET}]}\n  beta: {")
    both = "[{segment: staff, enabled: true}, {segment: testers, enabled: true}]"
    rolling.name = SHARE
    done = rolling.apply(two.replace("[{segment: staff, enabled: true}]", both))
    assert done.exit_code == 0, done.stderr
    assert rolling.turn().decision.share == 5
    Overrides(rolling).order("testers", STAFF, SHARE, REST)
    rolling.pass_by(6)
    assert rolling.turn().decision.share == 50
