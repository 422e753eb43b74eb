"""What an environment serves its clients now."""

from dataclasses import dataclass
from typing import Any

from flagops.errors import LoginRefusedError
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from flagops.flagsmith_api.throwaway import is_throwaway


@dataclass(frozen=True)
class ServedFlag:
    """A flag as a client gets it that says nothing about its user."""

    name: str
    enabled: bool
    value: str | int | None
    kind: str


def flags(client: FlagsmithClient, key: str) -> list[ServedFlag]:
    """The flags of the environment with this key, by name. Raises OpsError for a key that is refused."""
    try:
        found: list[dict[str, Any]] = client.get("/api/v1/flags/", key=key)
    except FlagsmithError as error:
        if error.status != 403:
            raise
        raise LoginRefusedError(
            "Flagsmith refuses this environment key.",
            hint="The key of an environment is in the UI's settings of it; `ff flags get --environment NAME` finds it.",
        ) from None
    served = [
        ServedFlag(item["feature"]["name"], item["enabled"], item["feature_state_value"], item["feature"]["type"])
        for item in found
        if not is_throwaway(item["feature"]["name"])
    ]
    return sorted(served, key=lambda flag: flag.name)
