"""Where people reach Flagsmith."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from components.settings.networks import has_right_port
from components.settings.types import Kind, Text


def _public_url(value: str) -> str:
    parts = urlsplit(value if has_right_port(value) else "")
    is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    if not is_address or any((parts.path, parts.query, parts.fragment, parts.username, parts.password)):
        raise ValueError("must be http:// or https://, the host, and a port if it is not the scheme's own: no path")
    return value


PublicUrl = Annotated[Text, AfterValidator(_public_url), Kind("URL")]
PublicUrlSetting = Annotated[
    PublicUrl | None,
    Field(
        description="Where people reach Flagsmith, if `host` and `ingress` do not say so: at another port, or "
        "without TLS, as on a local cluster. Its host must be `host`."
    ),
]
