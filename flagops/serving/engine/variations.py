"""The names of a multivariate flag's variations, as documents have them."""

from collections.abc import Mapping
from typing import Any, Final

CONTROL: Final = "control"
"""The flag's own value, which has no variation of its own: Flagsmith's name of it."""


def name_of(share: Mapping[str, Any]) -> object:
    """The key of a share's variation, or its value where it has no key (before Flagsmith's variation keys)."""
    option = share["multivariate_feature_option"]
    return option["value"] if option.get("key") is None else option["key"]
