"""Flagsmith's lists, which come at once or in pages."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

MOST_PAGES = 1000
"""A server that always names a next page would be asked for ever."""


def entries(
    get: Callable[[str, Mapping[str, str | int]], Any],
    path: str,
    params: Mapping[str, str | int] | None,
    page_size: int,
    endless: Callable[[str], Exception],
) -> Iterator[Any]:
    """All entries of a list, page by page.

    Args:
        get: Gives the JSON at a path.
        path: The list's.
        params: What else is asked.
        page_size: How many entries a page is to have.
        endless: Makes the error that is raised where no page is the last one.
    """
    for page in range(1, MOST_PAGES + 1):
        found = get(path, {**(params or {}), "page": page, "page_size": page_size})
        if isinstance(found, list):
            yield from found
            return
        yield from found["results"]
        if not found.get("next"):
            return
    raise endless(f"{path} has no last page: Flagsmith, or a proxy before it, names a next one after {MOST_PAGES}")
