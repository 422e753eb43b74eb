"""Which addresses the pods have."""

from typing import Annotated, Literal

from pydantic import Field

IpFamilySetting = Annotated[
    Literal["IPv4", "IPv6"],
    Field(
        description="The family of the pods' addresses. `IPv6` is for a cluster that has no IPv4, or has IPv6 first; a "
        "cluster with both, IPv4 first, needs nothing."
    ),
]
