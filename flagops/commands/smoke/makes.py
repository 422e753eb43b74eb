"""What the round trip makes: three flags, a segment by a trait with an override, and one user's override.

All are off everywhere, but for what is changed in the environment that is tested. An organisation's key costs the
server a quarter of a second with each request, so there are few, and those that can be are sent side by side.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from flagops.commands.flags.catalogue.values import Plain
from flagops.commands.flags.server.read import read_state
from flagops.commands.flags.server.rows import typed, value
from flagops.commands.flags.server.snapshot import RemoteState
from flagops.commands.smoke.responses import Said, require, same, shown
from flagops.commands.smoke.visit import Visit
from flagops.flagsmith_api.deployed import Environment
from flagops.flagsmith_api.throwaway import new_name

Row = Mapping[str, Any]
TRAIT = "ff_smoke_group"
TEXT, NUMBER, SHARE = "blue", 7, 35.0  # two variations, in two types; the control gets the rest
DESCRIPTION = "A smoke test's, which removes it."


@dataclass(frozen=True)
class Saying:
    """What the flags say at one time, in the environment that is tested.

    Attributes:
        variants: The flag with variations, where none of them and no segment counts.
        override: That flag for users in the segment.
        listed: The flag with an override for one user, for everybody else.
        user: That flag for the one user.
        server: The flag that only servers see.
    """

    variants: Said = (False, "control")
    override: Said = (True, 99)
    listed: Said = (False, 41)
    user: Said = (True, 43)
    server: Said = (False, True)


FIRST = Saying()
THEN = replace(FIRST, override=(False, 100), listed=(True, 42))
OPTIONS = [
    {"type": "unicode", "string_value": TEXT, "default_percentage_allocation": SHARE},
    {"type": "int", "integer_value": NUMBER, "default_percentage_allocation": SHARE},
]
FEATURES: Mapping[str, Mapping[str, Any]] = {
    "variants": {"type": "MULTIVARIATE", "initial_value": FIRST.variants[1], "multivariate_options": OPTIONS},
    "listed": {"initial_value": FIRST.listed[1]},
    "server": {"initial_value": FIRST.server[1], "is_server_key_only": True},
}


class Maker:
    """Makes them, and changes them."""

    def __init__(self, visit: Visit) -> None:
        self._client = visit.keys.admin
        self.environment = Environment.of(visit.keys.environment)
        self._project = f"/api/v1/projects/{visit.keys.project}"
        self.name = new_name()
        self.user = f"{self.name}_listed"
        condition = {"operator": "EQUAL", "property": TRAIT, "value": self.name}
        inner = {"type": "ANY", "rules": [], "conditions": [condition]}
        self.rules: list[dict[str, Any]] = [{"type": "ALL", "rules": [inner], "conditions": []}]
        self.features: dict[str, int] = {}
        self.options: dict[int, Plain] = {}
        self.states: dict[str, RemoteState] = {}
        self.segment = 0
        self.paths: list[str] = []
        self.seeds: set[int] = set()
        # A new version of a flag may split users anew: there the flag with variations is left as it is.
        self.then = replace(THEN, override=FIRST.override) if self.environment.is_versioned else THEN

    def make(self) -> None:
        """Make all, as FIRST says."""
        *rows, segment = _together([*(partial(self._feature, word) for word in FEATURES), self._segment])
        self.segment = int(segment["id"])
        self.features = {word: int(row["id"]) for word, row in zip(FEATURES, rows, strict=True)}
        self.options = {int(item["id"]): value(item) for item in rows[0]["multivariate_options"]}
        there = list(self.options.values())
        require(there in ([TEXT, NUMBER], [NUMBER, TEXT]), f"the variations {TEXT} and {NUMBER} are {there}")
        if self.environment.is_versioned:
            self.states["variants"] = self._state("variants")
            self.seeds.add(self.states["variants"].id)
        _together([partial(self._override, FIRST), self._list])
        self._check(FIRST)

    def change(self) -> None:
        """Change what `then` says."""
        changes = [partial(self._switch, self.then)]
        if self.then.override != FIRST.override:
            changes.append(partial(self._override, self.then))
        _together(changes)
        self._check(self.then)

    def _feature(self, word: str) -> Row:
        body = {"name": f"{self.name}_{word}", "default_enabled": False, "description": DESCRIPTION, **FEATURES[word]}
        return self._made(f"{self._project}/features/", body)

    def _segment(self) -> Row:
        body = {"name": self.name, "description": DESCRIPTION, "rules": self.rules}
        return self._made(f"{self._project}/segments/", body)

    def _made(self, path: str, body: Row) -> Row:
        """Make one thing, and note where it is to be deleted."""
        row = dict(self._client.post(path, body))
        self.paths.append(f"{path}{row['id']}/")
        return row

    def _state(self, word: str) -> RemoteState:
        """A flag as it is kept."""
        return read_state(self._client, self.environment, self.features[word], {self.segment: self.name})

    def _list(self) -> None:
        """Give one user an override."""
        people = f"/api/v1/environments/{self.environment.key}/identities/"
        made = self._made(people, {"identifier": self.user})
        enabled, said = FIRST.user
        body = {"feature": self.features["listed"], "enabled": enabled, "feature_state_value": said}
        self._client.post(f"{people}{made['id']}/featurestates/", body)

    def _override(self, saying: Saying) -> None:
        """Make the segment's override, or change it."""
        found, content = self.states.get("variants"), _content(saying.override)
        number = self.features["variants"]
        if self.environment.is_versioned:
            place = {"feature_segment": {"segment": self.segment, "priority": 0}, **content}
            is_new = not (found and found.overrides)
            self._publish("variants", creates=[place] if is_new else [], updates=[] if is_new else [place])
        elif found and found.overrides:
            self._put(number, found.overrides[0].id, found.overrides[0].link, content)
        else:
            path = f"/api/v1/environments/{self.environment.key}/features/{number}/create-segment-override/"
            self._client.post(path, {"feature_segment": {"segment": self.segment}, **content})

    def _switch(self, saying: Saying) -> None:
        """Change the flag that one user has an override of."""
        content = _content(saying.listed)
        if self.environment.is_versioned:
            self._publish("listed", creates=[], updates=[{"feature_segment": None, **content}])
        else:
            self._put(self.features["listed"], self.states["listed"].id, None, content)

    def _put(self, feature: int, state: int, link: int | None, content: Row) -> None:
        body = {"feature": feature, "environment": self.environment.id, "feature_segment": link, **content}
        self._client.put(f"/api/v1/features/featurestates/{state}/", body)

    def _publish(self, word: str, *, creates: Sequence[Row], updates: Sequence[Row]) -> None:
        """Write in an environment that keeps versions of its flags."""
        path = f"/api/v1/environments/{self.environment.id}/features/{self.features[word]}/versions/"
        states = {"feature_states_to_create": list(creates), "feature_states_to_update": list(updates)}
        self._client.post(path, {**states, "segment_ids_to_delete_overrides": [], "publish_immediately": True})

    def _check(self, wanted: Saying) -> None:
        """Whether it is kept as it was written."""
        found = _together([partial(self._state, word) for word in FEATURES])
        self.states = dict(zip(FEATURES, found, strict=True))
        for word, state in self.states.items():
            _kept(word, getattr(wanted, word), (state.enabled, state.value))
        variants = self.states["variants"]
        self.seeds.add(variants.id)
        weights = [item.weight for item in variants.variants]
        require(weights == [SHARE, SHARE], f"the weights were written as {SHARE:g} each, and are {weights}")
        count = len(variants.overrides)
        require(count == 1, f"one override was written, and {count} are there")
        _kept("override", wanted.override, (variants.overrides[0].enabled, variants.overrides[0].value))


def _together(works: Sequence[Callable[[], Any]]) -> list[Any]:
    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(lambda work: work(), works))


def _content(said: Said) -> dict[str, Any]:
    return {"enabled": said[0], "feature_state_value": typed(said[1]), "multivariate_feature_state_values": []}


def _kept(word: str, wanted: Said, found: Said) -> None:
    require(same(wanted, found), f"{word!r} was written as {shown(wanted)}, and is kept as {shown(found)}")
