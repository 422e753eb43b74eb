"""The ways in which an application asks for flags, as questions."""

import secrets
from collections.abc import Mapping
from urllib.parse import quote

from flagops.commands.smoke.http import Question

FLAGS, IDENTITIES, DOCUMENT = "/api/v1/flags/", "/api/v1/identities/", "/api/v1/environment-document/"
Trait = str | int | float | bool
Traits = Mapping[str, Trait]


def some_user() -> str:
    """A user that nobody knows."""
    return f"ff-smoke-{secrets.token_hex(6)}"


def flags(key: str | None) -> Question:
    """The environment's flags."""
    return Question(path=FLAGS, key=key)


def by_get(identifier: str, key: str | None, *, is_kept: bool = False) -> Question:
    """A user's flags; nothing of the user is kept unless it `is_kept`."""
    passing = "" if is_kept else "&transient=true"
    return Question(path=f"{IDENTITIES}?identifier={quote(identifier)}{passing}", key=key)


def by_post(identifier: str, key: str | None, traits: Traits | None = None, *, is_kept: bool = False) -> Question:
    """A user's flags with these traits; nothing of the user is kept unless it `is_kept`."""
    given = [{"trait_key": name, "trait_value": value} for name, value in (traits or {}).items()]
    passing = {} if is_kept else {"transient": True}
    return Question(path=IDENTITIES, key=key, body={"identifier": identifier, **passing, "traits": given})


def document(key: str | None) -> Question:
    """All that an SDK needs to evaluate flags by itself."""
    return Question(path=DOCUMENT, key=key)
