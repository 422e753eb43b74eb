"""How Flagsmith sends e-mail."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from components.settings.base import Section
from components.settings.networks import BESIDE, Cidrs
from components.settings.problems import Problem
from components.settings.references import PasswordReference
from components.settings.types import EMail, Kind, Port, Text, is_dns_name


def _mail_host(value: str) -> str:
    if not is_dns_name(value):
        raise ValueError("must be a mail server's name such as smtp.example.com, without scheme or port")
    return value


MailHost = Annotated[Text, AfterValidator(_mail_host), Kind("DNS name or IP address")]


class SmtpSettings(Section):
    """The mail server for invitations and password resets. Without this section no e-mail is sent."""

    host: MailHost = Field(description="Name or address of the mail server.")
    cidr: Cidrs = Field(default=(), description=f"Where it is. {BESIDE}")
    port: Port = Field(default=587, description="Its port.")
    security: Literal["starttls", "none"] = Field(
        default="starttls",
        description="`starttls` (usually port 587) or `none`; Flagsmith has no implicit TLS (port 465).",
    )
    username: Text | None = Field(default=None, description="The user to log in as; goes with `existingSecret`.")
    sender: EMail | None = Field(default=None, description="The From address. Default: `flagsmith@<host>`.")
    existing_secret: PasswordReference | None = Field(
        default=None, description="The existing Secret that holds the user's password."
    )

    def problems(self) -> Iterator[Problem]:
        """Half of a log-in, a log-in in clear, and the port of a kind of encryption that Flagsmith lacks."""
        if self.username is not None and self.existing_secret is None:
            yield Problem(
                path=("existingSecret",),
                text="is required with smtp.username: name the Secret that holds the password, "
                "as {name: …, key: password}",
            )
        if self.existing_secret is not None and self.username is None:
            yield Problem(path=("username",), text="is required with smtp.existingSecret: name the user to log in as")
        if self.username is not None and self.security == "none":
            yield Problem(
                path=("security",), text="would send the password unencrypted: set starttls, or remove the log-in"
            )
        if self.port == 465:
            yield Problem(
                path=("port",),
                text="is the port of implicit TLS, which Flagsmith does not support: use the server's STARTTLS "
                "port, usually 587",
            )
