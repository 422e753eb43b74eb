"""What every part of a catalogue is."""

from pydantic import BaseModel, ConfigDict


class CatalogueModel(BaseModel):
    """A part of the catalogue: frozen, and without keys that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
