"""The release of Flagsmith."""

from typing import Annotated

from pydantic import AfterValidator, Field

from components.settings.types import Kind, Text
from components.text.versions import parse_version


def _release(value: str) -> str:
    parse_version(value)
    return value


VersionSetting = Annotated[
    Text, AfterValidator(_release), Kind("X.Y.Z"), Field(description="The release of Flagsmith.")
]
