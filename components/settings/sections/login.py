"""Log-in through Google and GitHub."""

from collections.abc import Iterator

from pydantic import Field

from components.settings.base import Section
from components.settings.problems import Problem
from components.settings.references import OAuthSecret
from components.settings.types import Boolean, Text


class GitHubLogin(Section):
    """Log-in with a GitHub account."""

    existing_secret: OAuthSecret = Field(
        description="An existing Secret with the keys `client-id` and `client-secret` of the OAuth app."
    )


class LoginSettings(Section):
    """Ways to log in besides e-mail and password.

    Flagsmith shows their buttons when flags of its own say so: make the flags `oauth_google` (value
    `{"clientId": "…"}`) and `oauth_github` (value `{"url": "…"}`) in an environment, and name its client-side key here.
    """

    google: Boolean = Field(default=False, description="Whether people can log in with a Google account.")
    github: GitHubLogin | None = Field(default=None, description="Log-in with a GitHub account.")
    environment_key: Text | None = Field(
        default=None,
        description="Client-side key of the environment with the flags `oauth_google` and `oauth_github`, without "
        "which there are no buttons. The key is public.",
    )

    def problems(self) -> Iterator[Problem]:
        """A key that nothing needs, or one that must stay secret."""
        if self.environment_key is None:
            return
        if self.environment_key.startswith("ser."):
            yield Problem(
                path=("environmentKey",),
                text="is a server-side key, which browsers must not get: name the environment's client-side key",
            )
        if not self.google and self.github is None:
            yield Problem(
                path=("environmentKey",), text="goes with login.google or login.github: set one of them, or remove it"
            )
