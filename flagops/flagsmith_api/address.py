"""The address of a Flagsmith, as people give it, and where its keys are when only the address is known."""

import httpx

from components.text.could_be_secret import could_be_secret
from flagops.errors import BadInputError
from flagops.flagsmith_api.loopback import know_its_name

API_KEY = "FLAGSMITH_API_KEY"
SERVER_KEY = "FLAGSMITH_SERVER_KEY"


def checked(url: str, option: str = "--url") -> str:
    """The address without its last slash, as `option` has it. Raises OpsError when it is none."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        why = "" if could_be_secret(url) else f": {error}"
        raise BadInputError(f"{option}{_shown(url)} is not an address{why}.") from None
    if parsed.userinfo:
        raise BadInputError(
            f"{option} must not have a user and a password in it: they would be in logs and messages.",
            hint=f"Give the organisation's API key by {API_KEY}.",
        )
    beyond = parsed.path not in ("", "/") or parsed.query or parsed.fragment
    if parsed.scheme not in ("http", "https") or not parsed.host or beyond:
        raise BadInputError(
            f"{option}{_shown(url)} must be http:// or https://, a host, and no path.",
            hint="For example https://flags.example.com or http://localhost:8000.",
        )
    know_its_name(url)
    return url.rstrip("/")


def _shown(url: str) -> str:
    """The address in a message, unless a part of it could be a password or a token."""
    return "" if could_be_secret(url) else f" {url!r}"
