"""The first administrator and what is made for them."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from components.settings.base import Section
from components.settings.problems import Problem
from components.settings.references import PasswordSecret
from components.settings.types import EMail, Text

Title = Annotated[Text, Field(max_length=100)]


class AdminSettings(Section):
    """How a new, empty Flagsmith is set up; one in use is left as it is."""

    email: EMail | None = Field(
        default=None, description="The administrator's e-mail address, which is the log-in. Default: `admin@<host>`."
    )
    organisation: Title = Field(default="FootAnalytics", description="The organisation.")
    project: Title = Field(default="FootAnalytics", description="Its project.")
    existing_secret: PasswordSecret | None = Field(
        default=None,
        description="An existing Secret with the key `password`; without it the program generates one.",
    )
    environments: Annotated[tuple[Title, ...], Field(min_length=1)] = Field(
        default=("development", "staging", "production"), description="The project's environments."
    )

    def problems(self) -> Iterator[Problem]:
        """An environment given twice."""
        for index, name in enumerate(self.environments):
            if name in self.environments[:index]:
                yield Problem(path=("environments", index), text="is given twice: remove one")
