"""The log-ins to registries that `docker login` keeps, for reading only."""

import base64
import binascii
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from components.text import bounds
from flagops.commands.images.names import HUB_API, HUB_HOSTS
from flagops.errors import BadInputError, ToolError
from flagops.homes import expanded

# What a helper says in place of a user's name when the secret is an identity token.
TOKEN_USER: Final = "<token>"  # noqa: S105 - no secret
HELPER_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Login:
    """A log-in: a user and a password, or a token that gets tokens."""

    user: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)


def login_for(registry: str) -> Login | None:
    """The log-in for a registry's host; None to ask without one.

    Raises OpsError when Docker's configuration cannot be read, or its helper fails.
    """
    named = os.environ.get("DOCKER_CONFIG")
    directory = Path(named) if named else expanded("~/.docker")
    if directory is None:
        return None
    path = directory / "config.json"
    try:
        config = bounds.json_of(bounds.text_of(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise BadInputError(f"{path} cannot be read as JSON.", hint="Renew it with `docker login`.") from None
    if not isinstance(config, dict):
        raise BadInputError(f"{path} does not hold keys and values.", hint="Renew it with `docker login`.")
    helper = _entry(config, "credHelpers", registry)
    if helper is None and isinstance(config.get("credsStore"), str):
        helper = (registry, config["credsStore"])
    stored = _entry(config, "auths", registry)
    if helper is not None:
        server = stored[0] if stored else helper[0]
        found = _from_helper(str(helper[1]), server)
        if found is not None:
            return found
    return _from_entry(stored[1], path) if stored and isinstance(stored[1], Mapping) else None


def _entry(config: Mapping[str, Any], key: str, registry: str) -> tuple[str, Any] | None:
    """The entry of a registry, whose name may be written as an address: `https://registry.example.com/v1/`."""
    wanted = _host(registry)
    section = config.get(key)
    entries = section.items() if isinstance(section, Mapping) else ()
    return next(((name, value) for name, value in entries if _host(name) == wanted), None)


def _host(name: str) -> str:
    host = name.partition("://")[2] or name
    host = host.partition("/")[0].lower()
    return HUB_API if host in HUB_HOSTS else host


def _from_entry(entry: Mapping[str, Any], path: Path) -> Login | None:
    token, encoded = entry.get("identitytoken"), entry.get("auth")
    if token:
        return Login(identity_token=str(token))
    if not encoded:
        return None
    try:
        user, colon, password = base64.b64decode(str(encoded), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise BadInputError(f"A log-in in {path} is not user:password in base64.", hint="Renew it with `docker login`.")
    return Login(user, password)


def _from_helper(name: str, server: str) -> Login | None:
    """What Docker's credential helper knows of `server`; None when it knows nothing."""
    program = shutil.which(f"docker-credential-{name}")
    if program is None:
        raise ToolError(
            f"docker-credential-{name}, which Docker's configuration names for {server}, is not on the PATH.",
            hint="Install it, or log in without it.",
        )
    try:
        done = subprocess.run(  # noqa: S603 - the program that the user's own configuration names
            [program, "get"], input=server, capture_output=True, text=True, check=False, timeout=HELPER_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise ToolError(f"docker-credential-{name} does not answer for {server} in {HELPER_SECONDS:.0f} s.") from None
    if done.returncode:
        said = (done.stdout.strip() or done.stderr.strip())[:200]
        if "not found" in said:
            return None
        raise ToolError(f"docker-credential-{name} fails for {server}: {said}")
    try:
        answer = json.loads(done.stdout)
        user, secret = str(answer["Username"]), str(answer["Secret"])
    except (ValueError, KeyError, TypeError):
        raise ToolError(f"docker-credential-{name} gives no user and secret for {server}.") from None
    return Login(identity_token=secret) if user == TOKEN_USER else Login(user, secret)
