"""Does it serve? Health, version, flags, identities, the environment's document, the user interface."""

import re
from typing import Any

from ops.smoke.http import HTML, Probe
from ops.smoke.keys import Keys
from ops.smoke.model import CheckFailedError, CheckSkippedError, Place

FLAG_FIELDS = ("feature", "enabled", "feature_state_value")
SCRIPT = re.compile(r'<script[^>]+src="([^"]+)"')


def liveness(place: Place, _: Keys) -> str:
    """The process answers."""
    with Probe(place.url, place.seconds) as probe:
        found = probe.json("/health/liveness/")
    _require(found == {"status": "ok"}, f"/health/liveness/ says {found}")
    return "ok"


def readiness(place: Place, _: Keys) -> str:
    """The database answers, and is migrated."""
    with Probe(place.url, place.seconds) as probe:
        found = probe.json("/health/readiness/")
    _require(isinstance(found, dict) and bool(found), f"/health/readiness/ says {found}")
    broken = {name: state for name, state in found.items() if state != "working"}
    _require(not broken, f"not working: {broken}")
    return ", ".join(found)


def version(place: Place, _: Keys) -> str:
    """It is the release that the settings name."""
    with Probe(place.url, place.seconds) as probe:
        found = probe.json("/version/").get("image_tag")
    _require(bool(found), "/version/ has no image_tag")
    if place.version is not None and found != place.version:
        raise CheckFailedError(f"it is {found}, and the settings say {place.version}: was it rolled out?")
    return str(found)


def flags(place: Place, keys: Keys) -> str:
    """The environment's flags come with its key."""
    with Probe(place.url, place.seconds) as probe:
        found = probe.json("/api/v1/flags/", key=keys.client_side)
    _require(isinstance(found, list), f"/api/v1/flags/ is no list: {str(found)[:100]}")
    _are_flags(found)
    return f"{len(found)} flags"


def wrong_key(place: Place, _: Keys) -> str:
    """A wrong key is refused."""
    with Probe(place.url, place.seconds) as probe:
        return _refusal(probe.json("/api/v1/flags/", status=403, key="no-such-key"))


def no_key(place: Place, _: Keys) -> str:
    """No key is refused."""
    with Probe(place.url, place.seconds) as probe:
        return _refusal(probe.json("/api/v1/flags/", status=403))


def identities(place: Place, keys: Keys) -> str:
    """A user gets flags; the user is transient, so that nothing of it is kept."""
    user = {"identifier": "ff-smoke", "transient": True, "traits": [{"trait_key": "plan", "trait_value": "premium"}]}
    with Probe(place.url, place.seconds) as probe:
        found = probe.json("/api/v1/identities/", key=keys.client_side, body=user)
    _require(isinstance(found, dict) and isinstance(found.get("flags"), list), "no flags in the answer")
    _are_flags(found["flags"])
    return f"{len(found['flags'])} flags"


def document(place: Place, keys: Keys) -> str:
    """SDKs with local evaluation get the environment's document with a server-side key, and with no other."""
    with Probe(place.url, place.seconds) as probe:
        _refusal(probe.json("/api/v1/environment-document/", status=403, key=keys.client_side))
        found = probe.json("/api/v1/environment-document/", key=keys.server_side)
    _require(isinstance(found, dict) and found.get("api_key") == keys.client_side, "it is of another environment")
    _require(isinstance(found.get("feature_states"), list), "it has no feature_states")
    return f"{len(found['feature_states'])} flags, {len(found['project']['segments'])} segments"


def log_in(place: Place, keys: Keys) -> str:
    """A wrong password is refused, and the administrator gets in."""
    if place.authenticate is None:
        raise CheckSkippedError("needs --stack, or FLAGSMITH_API_KEY")
    wrong = {"email": "nobody@example.com", "password": "wrong"}
    with Probe(place.url, place.seconds) as probe:
        probe.json("/api/v1/auth/login/", status=400, body=wrong)
    return keys.whoami()


def user_interface(place: Place, _: Keys) -> str:
    """The log-in page comes, and so do its scripts."""
    with Probe(place.url, place.seconds) as probe:
        page = probe.ask("/login", kind=HTML).text
        _require("flagsmith" in page.lower(), "/login is not Flagsmith's page")
        scripts = [path for path in SCRIPT.findall(page) if path.startswith("/")]
        for path in scripts:
            _is_script(probe, path)
    return f"log-in page and {len(scripts)} scripts"


def _is_script(probe: Probe, path: str) -> None:
    try:
        probe.ask(path, kind="text/javascript")
    except CheckFailedError as error:
        if "application/javascript" not in str(error):
            raise


def _are_flags(found: list[Any]) -> None:
    for flag in found:
        missing = [name for name in FLAG_FIELDS if name not in flag]
        _require(not missing, f"a flag lacks {', '.join(missing)}")


def _refusal(found: Any) -> str:
    _require(isinstance(found, dict) and "detail" in found, f"the refusal says nothing: {found}")
    return "refused (403)"


def _require(holds: bool, problem: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not holds:
        raise CheckFailedError(problem)
