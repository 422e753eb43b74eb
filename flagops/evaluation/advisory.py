"""What advisory rules of the policy find: they warn, and stop nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from flagops.console import first_few


@dataclass(frozen=True)
class Advisory:
    """One object that breaks an advisory rule: the rule's name, and a line on the object, the field and what to do."""

    rule: str
    text: str


def warnings(advisories: Iterable[Advisory], more: str, *, every: bool = False) -> Iterator[str]:
    """A warning for each rule that is broken: how often, and the first few objects; `every` names them all.

    `more` is what shows the others.
    """
    for rule, group in groupby(sorted(advisories, key=lambda item: item.rule), lambda item: item.rule):
        lines = [item.text.removeprefix(f"{rule}: ") for item in group]
        if len(lines) == 1:
            yield f"{rule}: {lines[0]}"
        else:
            yield "\n  ".join([f"{rule}, {len(lines)} times:", *first_few(lines, more, every=every)])
