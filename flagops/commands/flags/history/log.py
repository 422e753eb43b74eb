"""Who changed a flag last, by Flagsmith's audit log: through the API where it shows the log, else from the database.

The open-source edition keeps the log, and answers every question about it with an empty list. An edition that shows it
may show some days of it only.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flagops.commands.flags.history.applies import Apply, Touched
from flagops.commands.flags.history.database import last_changes
from flagops.flagsmith_api import oidc
from flagops.flagsmith_api.client import PAGE_SIZE, FlagsmithClient, FlagsmithError
from flagops.flagsmith_api.connect import Connection

SLACK: Final = timedelta(seconds=2)
"""Flagsmith names the time of its answers in whole seconds, and two of its pods may be a moment apart."""
MOST_PAGES = 5
KEY = "api-key"
_WHOLE = re.compile(
    r"(?:New )?(?:Flag / Remote Config|Segment) (?:created|updated|[Dd]eleted): (?P<name>.+)", re.DOTALL
)
_QUOTED = re.compile(
    r"feature '(?P<name>.+?)'(?: and (?:segment|identity) '| scheduled for update by | by release pipeline '|\.?$)",
    re.DOTALL,
)
_PLAIN = re.compile(
    r"(?:feature|flag): (?P<name>.+?)"
    r"(?: by Change Request: | by [Rr]elease pipeline: | to release pipeline | in environment: |$)",
    re.DOTALL,
)
"""What an entry says of its object, in the words of Flagsmith's audit/constants.py: `Segment updated: NAME`, `… on
feature 'NAME' and segment '…'`, `… for feature: NAME by Change Request: …`. Names may have blanks and quotes."""
_OF_A_USER = " and identity '"
_KINDS = {"FEATURE": "flag", "FEATURE_STATE": "flag", "EF_VERSION": "flag", "SEGMENT": "segment"}


@dataclass(frozen=True)
class LogEntry:
    """An entry of the audit log.

    Attributes:
        kind: `flag` or `segment`.
        name: Which one.
        environment: Where; None for the whole project.
        at: When, by Flagsmith's clock.
        what: What the log says.
        actor: As whom: `user` and an e-mail address, `api-key` and a prefix, which is empty where the log does not
            show it, or the number of the trust relationship that has the key, such as `trust-7`; or `unknown`.
        who: The same, in words.
    """

    kind: str
    name: str
    environment: str | None
    at: datetime
    what: str
    actor: tuple[str, str]
    who: str


class AuditLog:
    """The newest entry about each object.

    Attributes:
        back_to: The time of the oldest entry that was read, where there are older ones, and some may be of interest.
    """

    def __init__(self, entries: Iterable[LogEntry], back_to: datetime | None = None) -> None:
        self.back_to = back_to
        self._last: dict[tuple[str, str, str | None], LogEntry] = {}
        for entry in entries:
            key = (entry.kind, entry.name, entry.environment)
            known = self._last.get(key)
            if known is None or entry.at > known.at:
                self._last[key] = entry

    def last(self, kind: str, name: str, environment: str | None) -> LogEntry | None:
        """The last change of an object; None where the log shows none."""
        return self._last.get((kind, name, environment))


def audit_log(connection: Connection, wanted: Collection[tuple[str, str, str | None]]) -> AuditLog | None:
    """The audit log, as far as it is about these objects; None where it is not shown.

    Raises OpsError where a stack's database cannot be asked.
    """
    shown = _of_api(connection, wanted)
    if shown is not None or connection.instance is None:
        return shown
    return AuditLog(map(log_entry, last_changes(connection.instance, connection.project, "places")))


def log_entry(row: Mapping[str, Any]) -> LogEntry:
    """The entry of a row that `last_changes` gives."""
    if row["email"]:
        actor, who = ("user", row["email"]), row["email"]
    elif row["trust"] is not None:
        actor, who = (KEY, oidc.actor_of(row["trust"])), f"a pipeline or pod by {row['key']}"
    elif row["prefix"]:
        actor, who = (KEY, row["prefix"]), f"the API key {row['key']} ({row['prefix']})"
    else:
        actor, who = ("unknown", ""), "somebody whose account or key is gone"
    at = datetime.fromisoformat(row["at"])
    return LogEntry(row["kind"], row["name"], row["environment"], at, row["what"], actor, who)


def _of_api(connection: Connection, wanted: Collection[tuple[str, str, str | None]]) -> AuditLog | None:
    """By the API; as many pages as it takes to find all of `wanted`, and not more than some."""
    entries: list[LogEntry] = []
    missing = set(wanted)
    for page in range(1, MOST_PAGES + 1):
        answer = _page(connection.client, connection.project, page)
        if answer is None or (page == 1 and not answer["results"]):
            return None
        for row in answer["results"]:
            entry = _of_answer(row)
            if entry is not None:
                entries.append(entry)
                missing.discard((entry.kind, entry.name, entry.environment))
        if not missing or not answer.get("next"):
            return AuditLog(entries)
        oldest = datetime.fromisoformat(answer["results"][-1]["created_date"])
    return AuditLog(entries, oldest.astimezone(UTC))


def _page(client: FlagsmithClient, project: int, page: int) -> Any:
    try:
        return client.get(f"/api/v1/projects/{project}/audit/", {"page": page, "page_size": PAGE_SIZE})
    except FlagsmithError as error:
        if error.status in (200, 403, 404):  # the unified image answers 200 with its page to what it does not know
            return None
        raise


def _of_answer(row: Mapping[str, Any]) -> LogEntry | None:
    """The entry of an answer; None for what is about something else, or one user's own override."""
    kind, text = _KINDS.get(row["related_object_type"] or ""), row["log"]
    about = _WHOLE.fullmatch(text) or _QUOTED.search(text) or _PLAIN.search(text)
    if kind is None or about is None or _OF_A_USER in text:
        return None
    if row["author"]:
        actor, who = ("user", row["author"]["email"]), row["author"]["email"]
    elif row["is_system_event"]:
        actor, who = ("unknown", ""), "Flagsmith itself, as somebody scheduled"
    else:
        actor, who = (KEY, ""), "an API key"
    place = row["environment"]["name"] if row["environment"] else None
    at = datetime.fromisoformat(row["created_date"])
    return LogEntry(kind, about["name"], place, at.astimezone(UTC), text, actor, who)


def is_of_apply(entry: LogEntry, recorded: Collection[Apply]) -> bool:
    """Whether an apply made the change: a recorded one was at work on the object then, as the same person or key.

    What is covered by a switch by hand too, which has a reason, is somebody's. Where no apply is recorded, none can be
    told from what the same person or key did by hand.
    """
    return any(_made(entry, run) for run in recorded if run.reason is None) and not is_by_hand(entry, recorded)


def is_by_hand(entry: LogEntry, recorded: Collection[Apply]) -> bool:
    """Whether somebody switched it by name then, and gave a reason."""
    return any(_made(entry, run) for run in recorded if run.reason is not None)


def _made(entry: LogEntry, run: Apply) -> bool:
    is_then = run.started - SLACK <= entry.at <= run.finished + SLACK
    return is_then and is_same_actor(entry.actor, run.actor) and any(_is_about(entry, item) for item in run.touched)


def _is_about(entry: LogEntry, item: Touched) -> bool:
    is_there = item.environments is None or entry.environment in item.environments
    return (entry.kind, entry.name) == (item.kind, item.name) and is_there


def is_same_actor(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two are the same person, or may be the same key: an API does not say which key it was."""
    if one[0] != other[0]:
        return False
    return one[1].lower() == other[1].lower() or (one[0] == KEY and "" in (one[1], other[1]))
