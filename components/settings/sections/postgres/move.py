"""A second database beside the live one, while the data moves from one mode to the other, and as long as it is kept."""

from typing import Literal

from pydantic import Field

from components.settings.base import Section

Movable = Literal["embedded", "cloudnativepg"]
MoveStep = Literal["prepared", "stopped", "copying", "switching", "kept", "released"]


class MoveSettings(Section):
    """What `ff db move` writes, step by step: see [data-tier.md](data-tier.md#from-one-mode-to-the-other)."""

    beside: Movable = Field(
        description="The mode of the database beside the live one: where the data moves to, and after the move where "
        "it came from."
    )
    step: MoveStep = Field(
        description="How far the move is. `prepared`: the other database is declared, and Flagsmith serves as before; "
        "`stopped`: the dashboard and the admin API answer 503, and tasks wait; `copying`: nothing is written, and "
        "the data is copied; `switching`: Flagsmith moves; `kept`: it has moved, and the old database stays as it is; "
        "`released`: the old database is about to be deleted.",
    )

    @property
    def goes_on(self) -> bool:
        """Whether it has not ended: what it needs is there only meanwhile."""
        return self.brings or self.step == "switching"

    @property
    def brings(self) -> bool:
        """Whether the data is to be brought over still, to what is beside the live database."""
        return self.step in ("prepared", "stopped", "copying")

    @property
    def stops_writes(self) -> bool:
        """Whether the ways to what is written are closed, and tasks wait."""
        return self.step in ("stopped", "copying")
