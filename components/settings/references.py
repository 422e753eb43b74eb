"""Secrets that exist in the namespace already, and keys in them."""

from pydantic import Field

from components.settings.base import Section
from components.settings.types import Boolean, SecretDataKey, SecretName


class SecretKeyReference(Section):
    """One key of an existing Secret of the stack's namespace."""

    name: SecretName = Field(description="The Secret's name.")
    key: SecretDataKey = Field(description="The key in the Secret.")


class VariableReference(SecretKeyReference):
    """One key of an existing Secret, as the value of an environment variable."""

    jobs: Boolean | None = Field(
        default=None,
        description="Whether the Jobs that migrate and set up the database get it too. Default: only variables "
        "for databases and Sentry, which they read. Variables for logging in go to the API only, all "
        "others to the API and the task processor.",
    )


class PasswordReference(SecretKeyReference):
    """The key of an existing Secret that holds a password."""

    key: SecretDataKey = Field(default="password", description="The key in the Secret.")


class CaReference(SecretKeyReference):
    """The key of an existing Secret that holds the certificates of a CA, in PEM."""

    key: SecretDataKey = Field(default="ca.crt", description="The key in the Secret.")


class ExistingSecret(Section):
    """An existing Secret of the stack's namespace, by name, in place of one that the program generates."""

    existing_secret: SecretName | None = Field(
        default=None, description="Name of an existing Secret; without it the program generates one."
    )
