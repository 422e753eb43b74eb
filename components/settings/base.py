"""The base of every section of the settings."""

from collections.abc import Iterator
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

from components.settings.problems import ContradictionError, Problem


class Section(BaseModel):
    """A frozen group of settings: camelCase keys in YAML, snake_case attributes in Python, unknown keys refused.

    A section states what its fields may not say together by overriding `problems`; every problem found is reported,
    not only the first.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_alias=True, serialize_by_alias=True
    )

    def problems(self) -> Iterator[Problem]:
        """Yield what is contradictory in this section; its fields are valid one by one when this is called."""
        yield from ()

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        found = tuple(self.problems())
        if found:
            raise ContradictionError(found)
        return self

    def wrong_mode(
        self, *, section: str, mode: str, owner: str, fields: frozenset[str], key: str = "mode"
    ) -> Iterator[Problem]:
        """Yield a problem for each of `fields` (those of mode `owner`) that is set although the mode is `mode`."""
        for name in sorted(fields & self.model_fields_set):
            yield Problem(
                path=(to_camel(name),),
                text=f"belongs to {section}.{key} {owner}, and {section}.{key} is {mode}: "
                f"remove the key, or set {section}.{key} to {owner}",
            )
