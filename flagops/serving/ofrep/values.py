"""A flag's one value for OpenFeature, which has no state beside it."""

import json
from typing import Any

from flagops.serving.sdk.evaluated import Evaluated

DISABLED, SPLIT, TARGETING_MATCH = "DISABLED", "SPLIT", "TARGETING_MATCH"


def flat(enabled: bool, value: Any) -> Any:  # noqa: FBT001 - the two parts of a flag
    """The value, as a structure where it is a text of JSON; of a flag without one, whether it is on."""
    if value is None or value == "":
        return enabled
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def has_value(flag: Evaluated) -> bool:
    """Whether a flag has a value beside its state."""
    return flag.value is not None and flag.value != ""


def reason(flag: Evaluated) -> str:
    """Why a user gets a flag, in OpenFeature's words."""
    if not flag.enabled and has_value(flag):
        return DISABLED
    if flag.identity is not None:
        return TARGETING_MATCH
    return SPLIT if flag.variant is not None else flag.reason.partition(";")[0]
