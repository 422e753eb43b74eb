"""What Flagsmith writes into its log."""

from typing import Literal

from pydantic import Field

from components.settings.base import Section

AccessLog = Literal["all", "problems", "none"]


class LogsSettings(Section):
    """Flagsmith's log; see docs/logs.md."""

    access: AccessLog | None = Field(
        default=None,
        description="Which requests are logged, each as a line of JSON with its id. `problems`: those answered with "
        "400 or above, or after more than a second. Default: `all`; `none` for releases before 2.225.0.",
    )
