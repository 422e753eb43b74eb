"""A Cluster that begins with what another one's archive holds, up to a moment."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from components.settings.base import Section
from components.settings.problems import Problem
from components.settings.types import Kind, Text

LONGEST_NAME = 50
"""Characters of a Cluster's name that the operator takes (internal/webhook/v1 of 1.30.0): its pods' are longer."""


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", value) or len(value) > LONGEST_NAME:
        raise ValueError(
            f"must be the name of a Cluster: lower-case letters, digits and '-', beginning with a letter, at most "
            f"{LONGEST_NAME} of them"
        )
    return value


def _moment(value: str) -> str:
    example = "must be a moment in UTC, such as 2026-11-28T13:05:00Z"
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", value):
        raise ValueError(example)
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(example) from None
    return value


ClusterName = Annotated[Text, AfterValidator(_name), Kind("name of a Cluster")]
# YAML takes a moment without quotes for one of its own, and others for a text.
Moment = Annotated[Text, AfterValidator(_moment), Kind("moment, in UTC")]


class Recovery(Section):
    """Where a new Cluster's data comes from: the base backups and the archive of another one, in the same bucket."""

    cluster: ClusterName = Field(description="The Cluster whose archive it is. The Cluster need not exist any more.")
    target_time: Moment | None = Field(
        default=None, description="The moment to recover, in UTC. Default: the last one that is archived."
    )

    def problems_of(self, name: str) -> Iterator[Problem]:
        """A Cluster that would be recovered from its own archive, and then write into it."""
        if self.cluster == name:
            yield Problem(
                path=("recovery", "cluster"),
                text="is postgres.cluster.name itself: a recovered Cluster is a new one, with an archive of its own. "
                "Give it another name",
            )
