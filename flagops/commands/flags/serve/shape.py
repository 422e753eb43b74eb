"""Whether a JSON file is an environment's document, before anything is answered from it."""

from collections import Counter
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from components.text import quoting
from flagops.errors import AnswerError

Scalar = bool | int | float | str | None


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Feature(_Part):
    id: int
    name: str
    type: str


class _Option(_Part):
    value: Scalar


class _Share(_Part):
    id: int
    percentage_allocation: float
    multivariate_feature_option: _Option


class _Priority(_Part):
    priority: int | None = None


class _State(_Part):
    feature: _Feature
    enabled: bool
    django_id: int
    feature_segment: _Priority | None = None
    feature_state_value: Scalar
    multivariate_feature_state_values: list[_Share]


class _Condition(_Part):
    operator: str
    value: str | None
    property_: str | None = None


class _Rule(_Part):
    type: str
    rules: list["_Rule"] = []
    conditions: list[_Condition] = []


class _Segment(_Part):
    id: int
    name: str
    rules: list[_Rule]
    feature_states: list[_State] = []


class _Project(_Part):
    segments: list[_Segment]
    server_key_only_feature_ids: list[int] = []


class _Identity(_Part):
    identifier: str
    identity_features: list[_State]
    django_id: int | None = None


class _Document(_Part):
    id: int
    api_key: str = Field(min_length=1)
    name: str = Field(min_length=1)
    project: _Project
    feature_states: list[_State]
    identity_overrides: list[_Identity]


_SAID: Final = {"model_type": "it must be a mapping", "string_too_short": "it must not be empty"}


def check_shape(document: Any, label: str) -> None:
    """Raises OpsError that names what is wrong, and where."""
    try:
        found = _Document.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(quoting.key(part) for part in first["loc"]) or "it"
        said = f"is {quoting.value(first.get('input'))}: {_SAID.get(first['type'], first['msg'])}"
        said = "is missing" if first["type"] == "missing" else said
        raise AnswerError(
            f"{label} is not an environment's document of Flagsmith: {where} {said}.",
            hint="One is what `ff flags document` writes, and what /api/v1/environment-document/ answers.",
        ) from None
    count = Counter(state.feature.name for state in found.feature_states)
    twice = [name for name, times in count.items() if times > 1]
    if twice:
        raise AnswerError(f"{label} has the flag {quoting.value(twice[0])} twice; remove one.")
