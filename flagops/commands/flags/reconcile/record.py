"""Makes the record of an apply: who it was, what it touched, and its commit."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from flagops.commands.flags.history.applies import Apply, Touched
from flagops.commands.flags.reconcile.apply import Done
from flagops.commands.flags.reconcile.change import Action, Change, ObjectKind
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.flagsmith_api.connect import Connection


class Applied:
    """An apply that begins now.

    Attributes:
        commit: The last commit of the catalogue, None when it was changed since.
    """

    def __init__(self, connection: Connection, source: Path) -> None:
        self._connection, self._source = connection, source
        self._started = connection.client.now()
        self.commit = commit(source)

    def record(self, done: Done, *, is_whole: bool) -> Apply:
        """What it did until now."""
        return Apply(
            started=self._started,
            finished=self._connection.client.now(),
            actor=self._connection.actor,
            project=self._connection.project,
            commit=self.commit,
            repository=repository(self._source.resolve().parent),
            is_whole=is_whole,
            touched=touched(done.changes, done.found),
        )


def touched(changes: Iterable[Change], found: Snapshot) -> tuple[Touched, ...]:
    """The objects that were changed, by their numbers; groups are not in Flagsmith's log."""
    numbers = {
        ObjectKind.FLAG: {flag.name: flag.id for flag in found.flags.values()},
        ObjectKind.SEGMENT: {segment.name: segment.id for segment in found.segments.values()},
        ObjectKind.ENVIRONMENT: {place.name: place.id for place in found.environments.values()},
    }
    places: dict[tuple[ObjectKind, str], set[str | None]] = {}
    everywhere: set[tuple[ObjectKind, str]] = set()
    for change in changes:
        key = (change.kind, change.name)
        places.setdefault(key, set()).add(change.environment)
        is_whole = change.environment is None and not change.field
        if change.kind is ObjectKind.ENVIRONMENT or (is_whole and change.action in (Action.CREATE, Action.DELETE)):
            everywhere.add(key)
    return tuple(
        Touched(
            str(kind),
            numbers[kind][name],
            name,
            None if (kind, name) in everywhere else tuple(sorted(where, key=lambda place: place or "")),
        )
        for (kind, name), where in places.items()
        if name in numbers.get(kind, {})
    )


def commit(source: Path) -> str | None:
    """The last commit of a file that is in git as it is."""
    name = ("--", source.name)
    directory = source.resolve().parent
    return (
        None
        if _git(directory, "status", "--porcelain", *name)
        else _git(directory, "log", "-1", "--format=%h", "--abbrev=12", *name) or None
    )


def repository(directory: Path) -> str | None:
    """Where the commits of a directory are looked at: of the pipeline, or of git's remote `origin`; no credentials."""
    server, name = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
    return f"{server}/{name}" if server and name else web_address(_git(directory, "remote", "get-url", "origin"))


def _git(directory: Path, *words: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    command = [git, "-C", str(directory), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603


def web_address(remote: str) -> str | None:
    """The page of a remote: `git@host:owner/name.git` and `ssh://…` have one too. None for a path."""
    short = re.fullmatch(r"(?:[\w.-]+@)?([\w.-]+):(?!//)(.+)", remote)
    if short is not None:
        host, path = short[1], short[2]
    else:
        address = urlsplit(remote)
        if address.scheme not in ("https", "http", "ssh") or not address.hostname:
            return None
        host, path = address.hostname, address.path
    return f"https://{host}/{path.strip('/').removesuffix('.git')}"
