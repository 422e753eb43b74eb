"""Where Flagsmith is: the two variables, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field

URL, KEY = "FLAGSMITH_API_URL", "FLAGSMITH_ENVIRONMENT_KEY"


class SettingsError(Exception):
    """A variable that is missing or wrong; the message names it."""


@dataclass(frozen=True)
class Service:
    """A Flagsmith, and the key of one of its environments, which is in no text of this."""

    url: str
    key: str = field(repr=False)

    @property
    def has_server_side_key(self) -> bool:
        """Whether the key may fetch the environment's document, to evaluate flags in this process."""
        return self.key.startswith("ser.")


def service(environ: Mapping[str, str]) -> Service:
    """What the variables say. Raises SettingsError."""
    missing = [name for name in (URL, KEY) if not environ.get(name)]
    if missing:
        raise SettingsError(f"Set {' and '.join(missing)}: README.md says to what.")
    if not environ[URL].startswith(("http://", "https://")):
        raise SettingsError(f"{URL} is no address: it starts with http:// or https:// and ends in /api/v1/.")
    return Service(environ[URL], environ[KEY])
