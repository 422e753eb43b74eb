"""How often each generated secret was renewed: declared here, so that git says when, and both engines do the same."""

from typing import Annotated

from pydantic import Field

from components.settings.base import Section
from components.settings.types import Kind, WholeNumber

Rotation = Annotated[WholeNumber, Field(ge=0), Kind("whole number")]


class RotationsSettings(Section):
    """How often each generated secret was renewed. Another number makes another value; `ff secrets rotate` raises it.

    Never lower a number: the values before are gone.
    """

    postgres: Rotation = Field(default=0, description="The administrator of the stack's own PostgreSQL.")
    database: Rotation = Field(
        default=0,
        description="Flagsmith's log-in to its PostgreSQL: even `flagsmith_a`, odd `flagsmith_b`.",
    )
    audit: Rotation = Field(default=0, description="The log-in of the audit log's reader.")
    analytics: Rotation = Field(default=0, description="The log-in of the analytics' reader.")
    rollouts: Rotation = Field(default=0, description="The token of the pod that runs rollouts.")
    redis: Rotation = Field(default=0, description="The embedded Redis.")
    django: Rotation = Field(default=0, description="`DJANGO_SECRET_KEY`: links to reset a password, signed webhooks.")
    cookies: Rotation = Field(default=0, description="The key that signs log-ins: renewing it logs everybody out.")
    warehouse: Rotation = Field(
        default=0,
        description="The key that encrypts the credentials of data warehouses in the database: renewing it loses them.",
    )
    admin: Rotation = Field(default=0, description="The administrator's password, which `ff` sets in Flagsmith too.")
    sdk: Rotation = Field(
        default=0,
        description="The server-side keys of the stack's environments; no rotation changes a client key.",
    )
