"""Which addresses the pods have."""

from typing import Annotated, Literal

from pydantic import Field

IpFamilySetting = Annotated[
    Literal["IPv4", "IPv6"],
    Field(
        description="The family of the pods' addresses. Set `IPv6` for a cluster that has no IPv4, or IPv6 first. A "
        "cluster with both, IPv4 first, does not need it."
    ),
]
