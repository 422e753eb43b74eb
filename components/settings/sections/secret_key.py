"""Django's secret key."""

from components.settings.references import ExistingSecret


class SecretKeySettings(ExistingSecret):
    """Django's secret key, which signs log-ins: the Secret's key is `DJANGO_SECRET_KEY`."""
