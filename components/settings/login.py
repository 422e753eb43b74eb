"""Log-in through Google and GitHub."""

from pydantic import Field

from components.settings.base import Section
from components.settings.types import SecretName


class GoogleLogin(Section):
    """Log-in with a Google account."""

    existing_secret: SecretName = Field(
        description="Name of an existing Secret with the keys `client-id` and `client-secret` of the OAuth client."
    )


class GitHubLogin(Section):
    """Log-in with a GitHub account."""

    existing_secret: SecretName = Field(
        description="Name of an existing Secret with the keys `client-id` and `client-secret` of the OAuth app."
    )


class Login(Section):
    """Ways to log in besides e-mail and password."""

    google: GoogleLogin | None = Field(default=None, description="Log-in with a Google account.")
    github: GitHubLogin | None = Field(default=None, description="Log-in with a GitHub account.")
