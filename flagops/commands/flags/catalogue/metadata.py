"""Custom fields in a catalogue: what no Flagsmith keeps as it stands there."""

from collections.abc import Iterator, Mapping
from typing import Final

from flagops.commands.flags.catalogue.base import Metadata
from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.catalogue.problems import CatalogueProblem, Key

LONGEST: Final = 2000
"""Characters of a custom field's text (`FIELD_VALUE_MAX_LENGTH` of 2.265.0)."""


def check_metadata(catalogue: Catalogue) -> Iterator[CatalogueProblem]:
    """What is wrong with the custom fields of all flags and segments."""
    for section, items in (("flags", catalogue.flags), ("segments", catalogue.segments)):
        for name, item in items.items():
            for field, value in item.metadata.items():
                key: Key = (section, name, "metadata", field)
                text = text_of_field(value)
                if not text.strip():
                    yield CatalogueProblem(key, "is empty, which Flagsmith refuses: leave the field out")
                elif text != text.strip():
                    yield CatalogueProblem(key, "has blanks at an end, which Flagsmith takes away: leave them out")
                elif len(text) > LONGEST:
                    yield CatalogueProblem(key, f"has {len(text):,} characters; Flagsmith takes {LONGEST:,}")


def text_of_field(value: bool | int | str) -> str:  # noqa: FBT001 - a value, not a switch
    """A value as Flagsmith keeps it: all custom fields are texts."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def texts(metadata: Metadata) -> Mapping[str, str]:
    """All of an object's."""
    return {name: text_of_field(value) for name, value in metadata.items()}
