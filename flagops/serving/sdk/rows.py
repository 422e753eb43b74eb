"""The rows of a body, within bounds: how many are read, and of how many it is told what is wrong with them."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from flagops.serving.http.message import RefusalError

MOST_TOLD: Final = 100
"""Rows that are wrong; further ones are not looked at: an answer is not to be many times as long as what was asked."""

Problems = dict[str, list[str]]


def check_count(rows: list[Any], most: int, name: str) -> None:
    """Raises RefusalError for more than `most` rows, in Flagsmith's words for a list that is too long."""
    if len(rows) > most:
        raise RefusalError(400, {name: [f"Ensure this field has no more than {most} elements."]})


def check_rows(rows: Iterable[object], problems_of: Callable[[object], Problems], name: str) -> None:
    """Raises RefusalError with what is wrong with each row; with nothing for those that are right."""
    told: list[Problems] = []
    wrong = 0
    for row in rows:
        told.append(problems_of(row))
        wrong += bool(told[-1])
        if wrong == MOST_TOLD:
            break
    if wrong:
        raise RefusalError(400, {name: told})
