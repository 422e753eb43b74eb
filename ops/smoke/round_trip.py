"""A throw-away flag is switched on, seen by the official SDK, and removed."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.smoke.keys import Keys
from ops.smoke.model import CheckFailedError, Place

if TYPE_CHECKING:
    from flagsmith import Flagsmith

PREFIX = "ff_smoke_"
PAUSE = 0.25  # seconds between two looks
MARGIN = 3.0  # seconds for the requests themselves, and for the SDK's own polling
POLL_SECONDS = 1.0
LEFT_OVER = timedelta(hours=1)


def round_trip(place: Place, keys: Keys) -> str:
    """How long the flag took to show, remotely and in local evaluation."""
    environment, project = keys.environment, keys.project
    name = f"{PREFIX}{secrets.token_hex(4)}"
    remove_left_overs(keys, project)
    features = f"/api/v1/projects/{project}/features/"
    description = "A smoke test's flag, which removes it."
    made = keys.admin.post(features, {"name": name, "default_enabled": False, "description": description})
    try:
        with _Sdks(place, keys) as sdks:
            took = sdks.wait(name, place.staleness + MARGIN, "appeared")
            _switch_on(keys, environment, made["id"])
            took = sdks.wait(name, place.staleness + MARGIN, "was switched on", enabled=True)
    finally:
        keys.admin.delete(f"{features}{made['id']}/")
    return f"seen after {took:.1f} s (at most {place.staleness:g} s by the caches' settings)"


def remove_left_overs(keys: Keys, project: int) -> None:
    """Remove the flags of smoke tests that were killed, an hour later, so that none that runs now loses its own."""
    features = f"/api/v1/projects/{project}/features/"
    for item in keys.admin.pages(features, {"search": PREFIX}):
        is_old = datetime.fromisoformat(item["created_date"]) < datetime.now(UTC) - LEFT_OVER
        if item["name"].startswith(PREFIX) and is_old:
            keys.admin.delete(f"{features}{item['id']}/")


def _switch_on(keys: Keys, environment: dict[str, Any], feature: int) -> None:
    path = f"/api/v1/environments/{environment['api_key']}/featurestates/"
    (state,) = keys.admin.get(path, {"feature": feature})["results"]
    keys.admin.patch(f"{path}{state['id']}/", {"enabled": True})


class _Sdks:
    """The official SDK, evaluating on the server and here."""

    def __init__(self, place: Place, keys: Keys) -> None:
        from flagsmith import Flagsmith

        api_url = f"{place.url}/api/v1/"
        self._all: dict[str, Flagsmith] = {
            "remotely": Flagsmith(environment_key=keys.client_side, api_url=api_url, request_timeout_seconds=5),
            "in local evaluation": Flagsmith(
                environment_key=keys.server_side,
                api_url=api_url,
                request_timeout_seconds=5,
                enable_local_evaluation=True,
                environment_refresh_interval_seconds=POLL_SECONDS,
            ),
        }

    def __enter__(self) -> "_Sdks":
        return self

    def __exit__(self, *_: object) -> None:
        for sdk in self._all.values():
            if sdk.enable_local_evaluation:
                sdk.environment_data_polling_manager_thread.stop()

    def wait(self, name: str, seconds: float, what: str, *, enabled: bool = False) -> float:
        """Wait until every SDK has the flag in this state; how long the slowest took."""
        started = time.monotonic()
        waiting = dict(self._all)
        while True:
            waiting = {how: sdk for how, sdk in waiting.items() if _state(sdk, name) is not enabled}
            took = time.monotonic() - started
            if not waiting:
                return took
            if took >= seconds:
                raise CheckFailedError(f"{took:.0f} s after the flag {what} it does not show {' nor '.join(waiting)}")
            time.sleep(PAUSE)


def _state(sdk: "Flagsmith", name: str) -> bool | None:
    """Whether the flag is on; None while it is not there, or the server does not answer."""
    from flagsmith.exceptions import FlagsmithAPIError

    try:
        found = {flag.feature_name: flag.enabled for flag in sdk.get_environment_flags().all_flags()}
    except FlagsmithAPIError:
        return None
    return found.get(name)
