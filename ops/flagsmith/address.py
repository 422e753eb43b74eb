"""The address of a Flagsmith, as people give it, and where its keys are when only the address is known."""

import httpx

from ops.errors import OpsError
from ops.flagsmith.loopback import know_its_name

API_KEY = "FLAGSMITH_API_KEY"
SERVER_KEY = "FLAGSMITH_SERVER_KEY"


def checked(url: str) -> str:
    """The address without its last slash. Raises OpsError when it is none."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise OpsError(f"--url {url!r} is no address: {error}.") from None
    if parsed.userinfo:
        raise OpsError(
            "--url must not have a user and a password in it: they would be in logs and messages.",
            hint=f"Give the organisation's API key by {API_KEY}.",
        )
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.path not in ("", "/"):
        raise OpsError(
            f"--url {url!r} must be http:// or https://, a host, and no path.",
            hint="For example https://flags.example.com or http://localhost:8000.",
        )
    know_its_name(url)
    return url.rstrip("/")
