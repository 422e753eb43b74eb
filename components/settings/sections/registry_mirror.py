"""The registry that images are pulled from in place of their own."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from components.settings.images import PATH_COMPONENT
from components.settings.types import Kind, Text

_MIRROR = re.compile(rf"[A-Za-z0-9.-]+(?::\d+)?(?:/{PATH_COMPONENT})*")


def _mirror(value: str) -> str:
    if "://" in value or not _MIRROR.fullmatch(value) or "." not in value.split("/")[0].replace(":", "."):
        raise ValueError("must be a registry's host with an optional path, such as mirror.example.com/dockerhub")
    return value


Mirror = Annotated[Text, AfterValidator(_mirror), Kind("registry")]
RegistryMirrorSetting = Annotated[
    Mirror | None,
    Field(description="The registry for every image that names none, such as `mirror.example.com/dockerhub`."),
]
