"""Removes what smoke tests made: this run's own, and what was left behind by a run that was killed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flagops.commands.smoke.model import CheckFailedError
from flagops.commands.smoke.visit import Visit
from flagops.errors import OpsError
from flagops.flagsmith_api.throwaway import PREFIX, age

LEFT_OVER_SECONDS = 3600  # after which nothing that runs can still need it
THREADS = 4
Row = Mapping[str, Any]


def left_overs(visit: Visit) -> int:
    """Remove what runs that were killed made an hour ago or more; how much that was."""
    return _remove(visit, lambda name: (age(name) or 0) > LEFT_OVER_SECONDS)


def own(visit: Visit, name: str, paths: Sequence[str]) -> None:
    """Remove what this run made: at these paths, and what is found under its name, as an answer may have been lost.

    Raises CheckFailedError naming what could not be removed.
    """
    problem, left = "it is still there", f"{name}*"
    try:
        _delete(visit, paths)
        if not _remove(visit, lambda found: found.startswith(name)):
            return
        there = _found(visit, lambda found: found.startswith(name))
        if not there:
            return
        left = ", ".join(path for _, path in there)
    except (OpsError, CheckFailedError) as error:
        problem = str(error)
    raise CheckFailedError(f"what was made could not be removed, {left}: {problem}; a run in an hour removes it")


def _delete(visit: Visit, paths: Sequence[str]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(visit.keys.admin.delete, paths))


def _remove(visit: Visit, is_meant: Callable[[str], bool]) -> int:
    found = _found(visit, is_meant)
    _delete(visit, [path for _, path in found])
    return len(found)


def _found(visit: Visit, is_meant: Callable[[str], bool]) -> list[tuple[str, str]]:
    """The names and the paths, of all lists at once."""
    keys = visit.keys
    project = f"/api/v1/projects/{keys.project}"
    environment = f"/api/v1/environments/{keys.environment['api_key']}"
    lists: tuple[tuple[str, Mapping[str, str], str], ...] = (
        (f"{project}/features/", {"search": PREFIX}, "name"),
        (f"{project}/segments/", {"q": PREFIX}, "name"),
        (f"{environment}/identities/", {"q": PREFIX}, "identifier"),
        (f"{environment}/api-keys/", {}, "name"),
    )

    def read(wanted: tuple[str, Mapping[str, str], str]) -> Iterable[tuple[str, str]]:
        path, params, label = wanted
        return list(_meant(keys.admin.pages(path, dict(params)), path, label, is_meant, keys.made))

    with ThreadPoolExecutor(THREADS) as pool:
        return [item for found in pool.map(read, lists) for item in found]


def _meant(
    rows: Iterable[Row], path: str, label: str, is_meant: Callable[[str], bool], used: int | None
) -> Iterator[tuple[str, str]]:
    for row in rows:
        name = str(row[label])
        is_ours = age(name) is not None and is_meant(name)
        if is_ours and not (path.endswith("/api-keys/") and row["id"] == used):
            yield name, f"{path}{row['id']}/"
