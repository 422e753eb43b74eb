"""Django's secret key."""

from pydantic import Field

from components.settings.base import Section
from components.settings.references import DjangoSecret


class SecretKeySettings(Section):
    """Django's secret key, which signs log-ins: the Secret's key is `DJANGO_SECRET_KEY`."""

    existing_secret: DjangoSecret | None = Field(
        default=None,
        description="An existing Secret with the key `DJANGO_SECRET_KEY`; without it the program generates one.",
    )
