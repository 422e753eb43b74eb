"""Switches one flag in one environment, at once: whatever the catalogue says, and without an apply."""

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from flagops.commands.flags.catalogue.values import Plain
from flagops.commands.flags.reconcile.apply.at_once import AtOnce
from flagops.commands.flags.reconcile.apply.one_request import typed_value
from flagops.commands.flags.server.rows import Row, typed, value
from flagops.commands.flags.switch.wanted import Wanted
from flagops.errors import AnswerError, ConflictError
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.deployed import Environment, require_made
from flagops.flagsmith_api.ensure import change_once

STATES = "/api/v1/features/featurestates/"
LINKS = "/api/v1/features/feature-segments/"
FIELDS = ("feature", "environment", "feature_segment", "enabled", "feature_state_value")
VARIANT = ("id", "multivariate_feature_option", "percentage_allocation")
THREADS = 4
Body = dict[str, Any]


@dataclass(frozen=True)
class Switched:
    """What was written, and what goes on deciding beside it.

    Attributes:
        changed: How many states were written.
        overrides: How many overrides of segments differ from it still.
        users: How many users have overrides of their own that differ from it.
    """

    changed: int
    overrides: int
    users: int


class FlagSwitch:
    """One flag in one environment."""

    def __init__(self, client: FlagsmithClient, environment: Environment, feature: int, at_once: AtOnce) -> None:
        self._client, self._environment, self._feature = client, environment, feature
        self._at_once = at_once
        self._where = {"environment": environment.id, "feature": feature}
        self._what = f"the flag in {environment.name}"

    def write(self, wanted: Wanted, reason: str) -> Switched:
        """Write it: first what most users get and the segments that would be left on, then single users.

        Raises OpsError when it is refused, or somebody else changes it at the same time.
        """
        rows = self._rows()
        self._own(rows)
        todo = [(row, body) for row in _ordered(rows) if (body := _changed(row, wanted)) is not None]
        if todo and self._environment.is_versioned:
            self._publish(todo, wanted, reason)
        elif todo and not self._set_at_once(todo, wanted):
            for row, body in todo:
                self._put(row, f"{STATES}{row['id']}/", body)
        users = [row for row in rows if row.get("identity") and row["enabled"] and wanted.enabled is False]
        if users and not wanted.keeps_users:
            with ThreadPoolExecutor(THREADS) as pool:
                list(pool.map(self._switch_off_user, users))
        done = {row["id"] for row, body in todo if body["enabled"] == wanted.enabled}
        switched = [] if wanted.keeps_users else users
        done |= {row["id"] for row in switched}
        return _beside([row for row in rows if row["id"] not in done], wanted, len(todo) + len(switched))

    def is_so(self, wanted: Wanted) -> bool:
        """Whether the database has it as it is wanted, exceptions that go with it included."""
        rows = self._rows()
        users = [] if wanted.keeps_users else [row for row in rows if row.get("identity")]
        return _is_written(rows, wanted) and not any(row["enabled"] and wanted.enabled is False for row in users)

    def in_part(self, wanted: Wanted) -> Switched | None:
        """What there is of a switch that failed in between; None where most users get what they got before."""
        if _changed(self.own(), wanted) is not None:
            return None
        return _beside([row for row in self._rows() if row["feature_segment"] or row.get("identity")], wanted, 1)

    def own(self) -> Row:
        """What users get of whom nothing else is said, as the database has it."""
        return self._own(self._rows())

    def _own(self, rows: Collection[Row]) -> Row:
        found = [row for row in rows if not row["feature_segment"] and not row.get("identity")]
        if len(found) != 1:
            require_made(self._environment)
            raise AnswerError(f"Flagsmith shows {len(found)} states of one flag in one environment, not one.")
        return found[0]

    def value(self) -> Plain:
        """Its value now."""
        return value(self.own()["feature_state_value"])

    def _rows(self) -> list[Row]:
        return [row for row in self._client.pages(STATES, self._where) if row["feature"] == self._feature]

    def _row(self, number: int) -> Row | None:
        return next((row for row in self._rows() if row["id"] == number), None)

    def _put(self, row: Row, path: str, body: Body) -> None:
        """Write one state as it is to be."""
        wanted = {key: body[key] for key in ("enabled", "feature_state_value") if key in body}
        change_once(
            lambda: self._client.put(path, body),
            lambda: self._row(row["id"]),
            is_done=lambda now: now is not None and all(now[key] == item for key, item in wanted.items()),
            was=lambda now: now is not None and _mark(now) == _mark(row),
            what=self._what,
        )

    def _switch_off_user(self, row: Row) -> None:
        """Switch an override of one user off; its value stays."""
        people = f"/api/v1/environments/{self._environment.key}/identities/{_number(row['identity'])}/"
        self._put(row, f"{people}featurestates/{row['id']}/", {"feature": self._feature, "enabled": False})

    def _set_at_once(self, todo: list[tuple[Row, Body]], wanted: Wanted) -> bool:
        """Write it by one request, so that no half of it is served meanwhile; False where the server has none.

        Overrides are only ever switched off. Newer releases do not write when that was: so without an answer it is sent
        again where it looks as before, also if somebody switched it on in that moment: off is what was asked for now.
        """
        overrides = [row for row, _ in todo if row["feature_segment"]]
        if not overrides or not self._at_once.is_known:
            return False  # of one state the older way is one request too
        segments = self._segments(overrides)
        body: Body = {}
        for row, new in todo:
            if row["feature_segment"]:
                entry = {"segment": {"id": segments[row["feature_segment"]]["segment"]}, "enabled": new["enabled"]}
                body.setdefault("segment_overrides", []).append(entry)
                continue
            own = {"enabled": new["enabled"]}
            body["environment_default"] = {**own, "value": typed_value(wanted.value)} if wanted.has_value else own
        before = _marks([row for row, _ in todo])
        return self._at_once.send(
            self._environment,
            self._feature,
            "PATCH",
            body,
            read=self._rows,
            is_done=lambda now: _is_written(now, wanted),
            was=lambda now: before <= _marks(now),
            what=self._what,
        )

    def _segments(self, overrides: Collection[Row]) -> dict[int, Row]:
        """Which segment each override is for. Raises OpsError where that is not known: it was changed just now."""
        links = {row["id"]: row for row in self._client.pages(LINKS, self._where)}
        if any(row["feature_segment"] not in links for row in overrides):
            raise ConflictError(
                f"Somebody changed the overrides of {self._what} at the same time. Nothing was written there.",
                hint="Run it again.",
            )
        return links

    def _publish(self, todo: list[tuple[Row, Body]], wanted: Wanted, reason: str) -> None:
        """Publish one version, in which the reason is kept."""
        overrides = [row for row, _ in todo if row["feature_segment"]]
        links = self._segments(overrides) if overrides else {}
        updates = []
        for row, body in todo:
            link = links[row["feature_segment"]] if row["feature_segment"] else None
            segment = {"segment": link["segment"], "priority": link["priority"]} if link else None
            variants = [{key: item[key] for key in VARIANT[1:]} for item in body["multivariate_feature_state_values"]]
            kept = {key: body[key] for key in ("enabled", "feature_state_value")}
            updates.append({**kept, "feature_segment": segment, "multivariate_feature_state_values": variants})
        path = f"/api/v1/environments/{self._environment.id}/features/{self._feature}/versions/"
        before = _marks([row for row, _ in todo])
        version = {"feature_states_to_update": updates, "publish_immediately": True, "description": reason}
        change_once(
            lambda: self._client.post(path, version),
            self._rows,
            is_done=lambda now: _is_written(now, wanted),
            was=lambda now: before <= _marks(now),
            what=self._what,
        )


def _number(identity: object) -> object:
    return identity["id"] if isinstance(identity, dict) else identity


def _mark(row: Row) -> tuple[object, ...]:
    """What tells a row from what somebody made of it since, and be it for a moment."""
    return row["id"], row.get("updated_at"), row["enabled"]


def _marks(rows: Collection[Row]) -> set[tuple[object, ...]]:
    return {_mark(row) for row in rows}


def _is_written(rows: Collection[Row], wanted: Wanted) -> bool:
    return not any(_changed(row, wanted) for row in _ordered(rows))


def _beside(rows: list[Row], wanted: Wanted, changed: int) -> Switched:
    others = [row for row in rows if wanted.enabled is not None and row["enabled"] != wanted.enabled]
    segments = sum(1 for row in others if row["feature_segment"])
    return Switched(changed, segments, sum(1 for row in others if row.get("identity")))


def _ordered(rows: Collection[Row]) -> Iterator[Row]:
    yield from (row for row in rows if not row["feature_segment"] and not row.get("identity"))
    yield from (row for row in rows if row["feature_segment"])


def _changed(row: Row, wanted: Wanted) -> Body | None:
    """The state as it is to be; None where it is that already, or is a segment's that stays."""
    is_override = bool(row["feature_segment"])
    enabled = row["enabled"] if wanted.enabled is None or (is_override and wanted.enabled) else wanted.enabled
    value = typed(wanted.value) if wanted.has_value and not is_override else row["feature_state_value"]
    if (enabled, value) == (row["enabled"], row["feature_state_value"]):
        return None
    variants = [{key: item[key] for key in VARIANT} for item in row["multivariate_feature_state_values"]]
    kept = {key: row[key] for key in FIELDS}
    return {**kept, "enabled": enabled, "feature_state_value": value, "multivariate_feature_state_values": variants}
