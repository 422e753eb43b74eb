"""What a stack deploys: the whole platform, or the edge of one that is elsewhere."""

from typing import Annotated, Literal

from pydantic import Field

RoleName = Literal["platform", "edge"]
RoleSetting = Annotated[
    RoleName,
    Field(
        description="What the stack deploys. `platform`: all of Flagsmith; `edge`: only the proxies of "
        "[the edge](edge.md#another-region-another-cluster), for a Flagsmith that runs elsewhere."
    ),
]
