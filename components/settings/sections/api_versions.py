"""The custom resources that the cluster serves."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from components.settings.types import Kind, Text

_API_VERSION = re.compile(r"[a-z0-9.-]+/v[0-9]+((alpha|beta)[0-9]+)?(/[A-Z][A-Za-z0-9]*)?")


def _api_version(value: str) -> str:
    if not _API_VERSION.fullmatch(value):
        raise ValueError("must be group/version such as monitoring.coreos.com/v1, or group/version/Kind")
    return value


ApiVersion = Annotated[Text, AfterValidator(_api_version), Kind("group/version or group/version/Kind")]
ApiVersionsSetting = Annotated[
    tuple[ApiVersion, ...] | None,
    Field(
        description="The custom resources that the cluster serves, each as group/version or group/version/Kind. "
        "Default: `up` and `preview` ask the cluster; commands that ask no cluster (`ff render`, `ff "
        "preview --against`, `ff policy check`) leave out what needs them and say so, unless you "
        "list them with `--api-versions`."
    ),
]
