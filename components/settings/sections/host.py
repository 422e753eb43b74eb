"""The public DNS name."""

from typing import Annotated

from pydantic import AfterValidator, Field

from components.settings.types import Kind, Text, is_dns_name


def _host(value: str) -> str:
    example = "a DNS name such as flags.example.com"
    if "://" in value:
        raise ValueError(f"must be {example}: leave out the scheme ({value.split('://')[0]}://)")
    if value.startswith("*."):
        raise ValueError(f"must be {example}: one name, not a wildcard")
    if value != value.lower() and is_dns_name(value.lower()):
        raise ValueError(f"must be {example}: write it in lower case, {value.lower()}")
    last = value.rpartition(".")[2]
    if not is_dns_name(value) or "." not in value or last.isdigit():
        raise ValueError(
            f"must be {example}: two or more labels of lower-case letters, digits and hyphens, "
            "without scheme, port or path, and not an IP address"
        )
    return value


HostName = Annotated[Text, AfterValidator(_host), Kind("DNS name")]
HostSetting = Annotated[
    HostName,
    Field(description="The public DNS name. All URLs, allowed hosts and origins derive from it."),
]
