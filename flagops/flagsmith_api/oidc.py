"""Logs in without a stored secret: the ID token of a pipeline or a pod is exchanged for Flagsmith's access token.

An administrator makes a trust relationship in Flagsmith first (since 2.263.0): whose tokens it takes, for which
audience, and which claims they must have. The access token is good for an hour, and is kept nowhere.
"""

import base64
import binascii
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from components.text import bounds
from flagops.errors import BadInputError, LoginRefusedError, UnsupportedError
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from flagops.trust import authorities, how_to_trust, untrusted

AUDIENCE = "FLAGSMITH_OIDC_AUDIENCE"
TOKEN = "FLAGSMITH_OIDC_TOKEN"  # noqa: S105 - the variable's name
TOKEN_FILE = "FLAGSMITH_OIDC_TOKEN_FILE"  # noqa: S105 - likewise
GITHUB_URL, GITHUB_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
PATH = "/api/v1/auth/oidc/token/"
SECONDS = 10.0
"""How long GitHub may take to make a token."""
LARGEST = 64 * 1024
"""Bytes of a file with a token; tokens have one to three KiB."""
UNKNOWN = frozenset({200, 404, 405})
"""What a server says that does not know the path; 200 is the page of the unified image."""
OF_TRUST = "trust-"
SINCE = (2, 263, 0)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
DOCS = "docs/ci.md#without-a-stored-key"


def is_asked_for() -> bool:
    """Whether the environment names an ID token, or the audience of one that GitHub Actions makes."""
    return any(os.environ.get(name) for name in (AUDIENCE, TOKEN, TOKEN_FILE))


def actor_of(trust_relationship: int) -> str:
    """What stands for the key of a trust relationship, whose prefix Flagsmith shows to people alone."""
    return f"{OF_TRUST}{trust_relationship}"


def log_in(client: FlagsmithClient, label: str) -> str:
    """Exchange the ID token; the further requests are sent with the access token. As whom, empty where it does not say.

    Raises OpsError when there is no ID token, it expired, Flagsmith does not trust it, or is too old to.
    """
    token = _id_token()
    claims = _claims(token)
    shown = ", ".join(
        f"{word} {claims[name]!r}"
        for word, name in (("issuer", "iss"), ("audience", "aud"), ("subject", "sub"))
        if name in claims
    )
    expires = claims.get("exp")
    if isinstance(expires, int | float) and expires <= time.time():
        raise LoginRefusedError(
            f"The ID token expired {int(time.time() - expires)} seconds ago ({shown}).",
            hint="Run the job again: ID tokens are good for minutes. If it is new, this machine's clock is wrong.",
        )
    try:
        found = client.post(PATH, {"token": token})
    except FlagsmithError as error:
        if error.status == httpx.codes.FORBIDDEN:
            raise LoginRefusedError(
                f"The exchange of the ID token is forbidden at {label}: {error.message}",
                hint="Flagsmith itself answers 400 or 401 there: a proxy, a firewall or an Ingress in front of it does "
                f"not let {PATH} through.",
            ) from None
        if error.status in UNKNOWN:
            if client.release is not None and client.release >= SINCE:
                raise LoginRefusedError(
                    f"{label} runs Flagsmith {'.'.join(map(str, client.release))}, which takes ID tokens; still "
                    f"{error.message}",
                    hint=f"Does something in front of it answer for {PATH}?",
                ) from None
            raise UnsupportedError(
                f"{label} takes no ID tokens: trust relationships came with Flagsmith 2.263.0.",
                hint="Upgrade it, or use an organisation's key in FLAGSMITH_API_KEY.",
            ) from None
        if error.status not in (400, 401):
            raise
        raise LoginRefusedError(
            f"{label} does not take the ID token ({shown}): {error.message}",
            hint="An administrator's trust relationship must name this issuer and this audience to the letter, and its "
            f"rules must fit the token's claims; Flagsmith must reach the issuer by HTTPS. See {DOCS}",
        ) from None
    access = found.get("access_token") if isinstance(found, Mapping) else None
    if not isinstance(access, str) or not access:
        raise LoginRefusedError(f"{label} answered the ID token without an access token.")
    client.use_access_token(access)
    number = (_content(access) or {}).get("trust_relationship_id")
    return actor_of(number) if isinstance(number, int) else ""


def _id_token() -> str:
    named = [name for name in (TOKEN, TOKEN_FILE) if os.environ.get(name)]
    if len(named) > 1:
        raise BadInputError(f"There are two ID tokens, {TOKEN} and {TOKEN_FILE}.", hint="Leave one of them out.")
    if named == [TOKEN]:
        return os.environ[TOKEN].strip()
    if named == [TOKEN_FILE]:
        return _from_file(Path(os.environ[TOKEN_FILE]))
    return _from_github(os.environ[AUDIENCE])


def _from_file(path: Path) -> str:
    try:
        token = bounds.text_of(path, LARGEST).strip()
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise BadInputError(f"The ID token's file {path} ({TOKEN_FILE}) cannot be read: {why}.") from None
    if not token:
        raise BadInputError(f"The ID token's file {path} ({TOKEN_FILE}) is empty.")
    return token


def _from_github(audience: str) -> str:
    url, bearer = os.environ.get(GITHUB_URL), os.environ.get(GITHUB_TOKEN)
    if not url or not bearer:
        raise LoginRefusedError(
            f"{AUDIENCE} is set, and there is no ID token: neither {TOKEN} nor {TOKEN_FILE}, and GitHub gives the job "
            "none.",
            hint="In GitHub Actions give the job `permissions: {id-token: write}`; a fork's pull request gets none. "
            f"Elsewhere set {TOKEN} or {TOKEN_FILE}. See {DOCS}",
        )
    try:
        address = httpx.URL(url).copy_merge_params({"audience": audience})
    except httpx.InvalidURL:
        raise BadInputError(f"{GITHUB_URL} is not an address.", hint="GitHub sets it: leave it as it is.") from None
    if address.scheme != "https" and address.host not in LOOPBACK:
        raise BadInputError(
            f"{GITHUB_URL} is not https://: the job's token would go to {address.host} for all to read.",
            hint="GitHub sets it: leave it as it is.",
        )
    try:
        # Not through a proxy that a variable names: the request has the job's own token, and GitHub's runner is near.
        with httpx.Client(timeout=SECONDS, verify=authorities(), trust_env=False) as http:
            answer = http.get(address, headers={"Authorization": f"Bearer {bearer}"})
        token = answer.json()["value"] if answer.is_success else ""
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        refused = untrusted(error)
        if refused is not None:
            said = f"The certificate of {address.host} is not trusted: {refused.verify_message}"
            raise LoginRefusedError(f"GitHub made no ID token. {said}.", hint=how_to_trust()) from None
        raise LoginRefusedError(
            f"GitHub made no ID token: {type(error).__name__}.", hint="Run the job again."
        ) from None
    if not isinstance(token, str) or not token:
        raise LoginRefusedError(f"GitHub made no ID token: status {answer.status_code}.", hint="Run the job again.")
    return token


def _claims(token: str) -> dict[str, Any]:
    """What the token says of itself, for messages: nothing here checks it, Flagsmith does."""
    found = _content(token)
    if found is None:
        raise BadInputError("The ID token is not a JSON Web Token: it needs three parts with dots between them.")
    return found


def _content(token: str) -> dict[str, Any] | None:
    """The claims of a token; None for what is none."""
    parts = token.split(".")
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))) if len(parts) == 3 else None
    except (ValueError, binascii.Error):
        found = None
    return found if isinstance(found, dict) else None
