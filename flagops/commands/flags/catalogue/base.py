"""What every part of a catalogue is."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, BeforeValidator, ConfigDict

Metadata = Mapping[str, bool | int | str]
"""What custom fields say, by their names."""


class CatalogueModel(BaseModel):
    """A part of the catalogue: frozen, and without keys that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def member_of(kind: type[StrEnum]) -> BeforeValidator:
    """Takes a name in a file for the member of `kind`, which a strict model does not; leaves the rest to be refused."""

    def named(value: object) -> object:
        return kind(value) if isinstance(value, str) and value in list(kind) else value

    return BeforeValidator(named)
