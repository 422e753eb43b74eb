"""Switches one flag in one environment, at once: whatever the catalogue says, and without an apply."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flagops.commands.flags.catalogue.values import Plain
from flagops.commands.flags.server.rows import Row, typed
from flagops.errors import AnswerError
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.deployed import Environment
from flagops.flagsmith_api.ensure import ensure

STATES = "/api/v1/features/featurestates/"
LINKS = "/api/v1/features/feature-segments/"
FIELDS = ("feature", "environment", "feature_segment", "enabled", "feature_state_value")
VARIANT = ("id", "multivariate_feature_option", "percentage_allocation")


@dataclass(frozen=True)
class Wanted:
    """What a flag is to be.

    Attributes:
        enabled: On or off; None leaves that as it is. Off is off for all segments too.
        value: The value, where `has_value`.
        has_value: Whether the value changes.
    """

    enabled: bool | None = None
    value: Plain = None
    has_value: bool = False

    def __str__(self) -> str:
        state = "" if self.enabled is None else "on" if self.enabled else "off"
        value = f"value {self.value!r}" if self.has_value else ""
        return ", ".join(filter(None, (state, value)))


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

    def __init__(self, client: FlagsmithClient, environment: Environment, feature: int) -> None:
        self._client, self._environment, self._feature = client, environment, feature
        self._where = {"environment": environment.id, "feature": feature}

    def write(self, wanted: Wanted, reason: str) -> Switched:
        """Write it: first what most users get, then the segments that would be left on."""
        rows = self._rows()
        todo = [(row, body) for row in _ordered(rows) if (body := _changed(row, wanted)) is not None]
        if todo and self._environment.is_versioned:
            self._publish([body for _, body in todo], reason)
        elif todo:
            for row, body in todo:
                self._client.put(f"{STATES}{row['id']}/", body)
        done = {row["id"] for row, body in todo if body["enabled"] == wanted.enabled}
        return _beside([row for row in rows if row["id"] not in done], wanted, len(todo))

    def own(self) -> Row:
        """What users get of whom nothing else is said, as the database has it."""
        found = [row for row in self._rows() if not row["feature_segment"] and not row.get("identity")]
        if len(found) != 1:
            raise AnswerError(f"Flagsmith shows {len(found)} states of one flag in one environment, not one.")
        return found[0]

    def _rows(self) -> list[Row]:
        return [row for row in self._client.pages(STATES, self._where) if row["feature"] == self._feature]

    def _publish(self, bodies: list[dict[str, Any]], reason: str) -> None:
        """Publish one version, in which the reason is kept."""
        links = {row["id"]: row for row in self._client.pages(LINKS, self._where)}
        updates = []
        for body in bodies:
            link = links.get(body["feature_segment"])
            segment = {"segment": link["segment"], "priority": link["priority"]} if link else None
            variants = [{key: item[key] for key in VARIANT[1:]} for item in body["multivariate_feature_state_values"]]
            kept = {key: body[key] for key in ("enabled", "feature_state_value")}
            updates.append({**kept, "feature_segment": segment, "multivariate_feature_state_values": variants})
        path = f"/api/v1/environments/{self._environment.id}/features/{self._feature}/versions/"
        version = {"feature_states_to_update": updates, "publish_immediately": True, "description": reason}
        # Publishing it twice does no harm.
        ensure(lambda: None, lambda: self._client.post(path, version) or True)


def _beside(rows: list[Row], wanted: Wanted, changed: int) -> Switched:
    others = [row for row in rows if wanted.enabled is not None and row["enabled"] != wanted.enabled]
    segments = sum(1 for row in others if row["feature_segment"])
    return Switched(changed, segments, sum(1 for row in others if row.get("identity")))


def _ordered(rows: list[Row]) -> Iterator[Row]:
    yield from (row for row in rows if not row["feature_segment"] and not row.get("identity"))
    yield from (row for row in rows if row["feature_segment"])


def _changed(row: Row, wanted: Wanted) -> dict[str, Any] | None:
    """The state as it is to be; None where it is that already, or is a segment's that stays."""
    is_override = bool(row["feature_segment"])
    enabled = row["enabled"] if wanted.enabled is None or (is_override and wanted.enabled) else wanted.enabled
    value = typed(wanted.value) if wanted.has_value and not is_override else row["feature_state_value"]
    if (enabled, value) == (row["enabled"], row["feature_state_value"]):
        return None
    variants = [{key: item[key] for key in VARIANT} for item in row["multivariate_feature_state_values"]]
    kept = {key: row[key] for key in FIELDS}
    return {**kept, "enabled": enabled, "feature_state_value": value, "multivariate_feature_state_values": variants}
