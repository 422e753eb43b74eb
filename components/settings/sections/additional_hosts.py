"""Further names of Flagsmith, beside the public one."""

from typing import Annotated

from pydantic import Field

from components.settings.sections.host import HostName

AdditionalHostsSetting = Annotated[
    tuple[HostName, ...],
    Field(
        description="Further names, such as an internal one: the Ingress and the Gateway lead from them too, the "
        "certificate is for them, and Flagsmith answers them. Links in mails, and the edge of other clusters, go by "
        "`host` alone."
    ),
]
