"""Further names of Flagsmith, beside the public one."""

from typing import Annotated

from pydantic import Field

from components.settings.sections.host import HostName

AdditionalHostsSetting = Annotated[
    tuple[HostName, ...],
    Field(
        description="Further names of Flagsmith, such as an internal one. The Ingress, the Gateway and the "
        "certificate are for them too, and Flagsmith answers them. Links in mails, and the edge of other clusters, "
        "use only `host`."
    ),
]
