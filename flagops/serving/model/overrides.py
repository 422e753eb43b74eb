"""Flags that somebody sets while they are served: for an environment, or for one user of it."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from components.text import quoting
from flagops.errors import BadInputError, NotFoundError
from flagops.serving.engine.context import Document
from flagops.serving.engine.values import Plain
from flagops.serving.engine.variations import CONTROL, name_of
from flagops.serving.model.backend import LONGEST_IDENTIFIER

ALL: Final = 100.0
LONGEST: Final = 20_000
"""Characters of a value; Flagsmith's own limit."""
_MADE: Final = 2**30
"""Ids of states that are made here begin here."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Override:
    """A flag that is set.

    Attributes:
        flag: Its name.
        enabled: Whether it is on.
        value: Its value, or the name of a variation; as it is for `keeps_value`.
        environment: In which environment; in all of them for None.
        identity: For which user; for all, whatever their segments, for None.
        keeps_value: Whether only on and off are set.
    """

    flag: str
    enabled: bool
    value: Plain = None
    environment: str | None = None
    identity: str | None = None
    keeps_value: bool = True

    @property
    def place(self) -> tuple[str | None, str | None, str]:
        """What it is for: a second one for the same replaces the first."""
        return self.environment, self.identity, self.flag


def check(override: Override, documents: Sequence[Document]) -> None:
    """Raises OpsError for a flag, an environment or a variation that there is not, and for a value that is too long."""
    if isinstance(override.value, str) and len(override.value) > LONGEST:
        raise BadInputError(
            f"The value of {quoting.value(override.flag)} has {len(override.value)} characters; "
            f"Flagsmith takes {LONGEST}."
        )
    if override.identity is not None and len(override.identity) > LONGEST_IDENTIFIER:
        raise BadInputError(
            f"The user {quoting.value(override.identity)} has {len(override.identity)} characters; "
            f"Flagsmith takes {LONGEST_IDENTIFIER}."
        )
    names = [str(document["name"]) for document in documents]
    if override.environment is not None and override.environment not in names:
        raise NotFoundError(
            f"There is no environment {quoting.value(override.environment)}; there are: {', '.join(names)}."
        )
    for document in documents:
        if override.environment not in (None, document["name"]):
            continue
        state = _own(document, override.flag)
        if state is None:
            known = [row["feature"]["name"] for row in document["feature_states"]]
            near = get_close_matches(override.flag, known)
            raise NotFoundError(
                f"There is no flag {quoting.value(override.flag)} in {document['name']}"
                + (f"; near it: {', '.join(near)}." if near else ".")
            )
        shares = state["multivariate_feature_state_values"]
        if not override.keeps_value and shares and _picked(state, override.value) is None:
            allowed = ", ".join([CONTROL, *(str(name_of(share)) for share in shares)])
            raise NotFoundError(
                f"The flag {override.flag} has no variation {quoting.value(override.value)} in {document['name']}; "
                f"there are: {allowed}."
            )


def overridden(document: Document, overrides: Iterable[Override]) -> Document:
    """The document as it is with these; those for other environments, or for flags that are not in it, are left out."""
    made = _Made(document)
    for override in overrides:
        if override.environment in (None, document["name"]):
            made.set(override)
    return made.document


class _Made:
    """A document with overrides, which are put in one after the other."""

    def __init__(self, document: Document) -> None:
        self._before = document
        self._states: dict[str, Row] = {row["feature"]["name"]: row for row in document["feature_states"]}
        self._for_all: set[str] = set()
        self._identities: dict[str, Row] = {row["identifier"]: row for row in document["identity_overrides"]}
        self._number = _MADE + sum(len(row["identity_features"]) for row in document["identity_overrides"])
        self._touched: set[str] = set()

    def set(self, override: Override) -> None:
        """Put in one more."""
        state = self._states.get(override.flag)
        made = None if state is None else _set(state, override)
        if made is None:
            return
        if override.identity is None:
            self._states[override.flag] = made
            self._for_all.add(override.flag)
        else:
            self._set_for_one(made, override.identity, override.flag)

    def _set_for_one(self, made: Row, identifier: str, flag: str) -> None:
        """One user gets the state, by an override of their own; those have a value and no shares."""
        row = self._identities.get(identifier)
        if row is None:
            row = _identity(self._before, identifier, _MADE + len(self._identities))
        kept = [state for state in row["identity_features"] if state["feature"]["name"] != flag]
        state = {**made, "django_id": self._number, "feature_segment": None, "feature_state_value": _value(made)}
        state["featurestate_uuid"] = _uuid(self._before, f"{identifier}/{flag}")
        self._number += 1
        self._identities[identifier] = {**row, "identity_features": [*kept, state]}
        self._touched.add(identifier)

    @property
    def document(self) -> Document:
        """The document as it is now."""
        found = self._before
        if self._for_all:
            project = found["project"]
            segments = [{**row, "feature_states": self._of_segment(row)} for row in project["segments"]]
            own = [self._states[row["feature"]["name"]] for row in found["feature_states"]]
            found = {**found, "project": {**project, "segments": segments}, "feature_states": own}
        if self._touched:
            found = {**found, "identity_overrides": [*self._identities.values()]}
        return found

    def _of_segment(self, segment: Row) -> list[Row]:
        """What a segment still overrides: everybody gets the flags that are set; a saved document may lack the key."""
        return [row for row in segment.get("feature_states") or () if row["feature"]["name"] not in self._for_all]


def _own(document: Document, flag: str) -> Row | None:
    return next((row for row in document["feature_states"] if row["feature"]["name"] == flag), None)


def _set(state: Row, override: Override) -> Row | None:
    """The state as it is set; None for a variation that there is no more."""
    if override.keeps_value:
        return {**state, "enabled": override.enabled}
    shares = state["multivariate_feature_state_values"]
    if not shares:
        return {**state, "enabled": override.enabled, "feature_state_value": override.value}
    picked = _picked(state, override.value)
    if picked is None:
        return None
    given = [{**share, "percentage_allocation": ALL if share["id"] == picked else 0.0} for share in shares]
    return {**state, "enabled": override.enabled, "multivariate_feature_state_values": given}


def _picked(state: Row, value: Plain) -> int | None:
    """The id of the share of the variation with this name, or this value; 0 for the control, None for none."""
    shares = state["multivariate_feature_state_values"]
    for share in shares:
        if share["multivariate_feature_option"].get("key") == value:
            return int(share["id"])
    if value == CONTROL:
        return 0
    for share in shares:
        if _same(share["multivariate_feature_option"]["value"], value):
            return int(share["id"])
    return 0 if _same(state["feature_state_value"], value) else None


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def _value(state: Row) -> Plain:
    """The value of a state that is for one user: of the variation that has all of it, else the control's."""
    for share in state["multivariate_feature_state_values"]:
        if share["percentage_allocation"] == ALL:
            value: Plain = share["multivariate_feature_option"]["value"]
            return value
    own: Plain = state["feature_state_value"]
    return own


def _identity(document: Document, identifier: str, number: int) -> dict[str, Any]:
    key = document["api_key"]
    return {
        "identifier": identifier,
        "environment_api_key": key,
        "created_date": document.get("updated_at"),
        "identity_features": [],
        "identity_traits": [],
        "identity_uuid": _uuid(document, identifier),
        "django_id": number,
        "dashboard_alias": None,
        "composite_key": f"{key}_{identifier}",
    }


def _uuid(document: Document, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"override:{document['api_key']}/{name}"))
