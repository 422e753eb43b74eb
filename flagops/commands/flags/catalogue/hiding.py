"""Whether clients get flags that are off, as a catalogue says it."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from flagops.commands.flags.catalogue.base import CatalogueModel


class Hiding(CatalogueModel):
    """Whether flags that are off are left out of answers, so that nobody learns of them; what is left out stays."""

    project: bool | None = Field(default=None, description="In the project's environments that say nothing else.")
    environments: Mapping[str, bool] = Field(default_factory=dict, description="In single environments.")

    @property
    def places(self) -> dict[str | None, bool]:
        """What is said, by environment; of the project under None."""
        own: dict[str | None, bool] = {} if self.project is None else {None: self.project}
        return own | dict(self.environments)


def _hiding(value: object) -> object:
    return {"project": value} if isinstance(value, bool) else value


SomeHiding = Annotated[Hiding, BeforeValidator(_hiding)]
