"""Which apply an entry of the audit log came from: no trace rather than a wrong one."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from flagops.commands.audit.read import Entry
from flagops.commands.flags.history.applies import Apply, Touched
from flagops.flagsmith_api import oidc

SLACK = timedelta(seconds=2)
"""Flagsmith names the time of its answers in whole seconds, and two of its pods may be a moment apart."""
OF_TRUST = "Trust relationship: "
"""How Flagsmith calls the key behind a trust relationship (seen in 2.265.0: trust_relationships/services.py)."""


def traced(entries: Iterable[Entry], runs: Iterable[Apply], *, repository: str | None = None) -> list[Entry]:
    """The entries, with `apply` where exactly one commit can have made them.

    An entry is an apply's when it was written by the same person or key, within the apply's time, and about an object
    that the apply changed, in an environment where it changed it.
    """
    known = tuple(runs)
    return [_traced(entry, known, repository) for entry in entries]


def _traced(entry: Entry, runs: tuple[Apply, ...], repository: str | None) -> Entry:
    found = [run for run in runs if _is_of(entry, run)]
    # Two pipelines at once: who can tell? The same commit applied twice is one answer.
    if not found or len({run.commit for run in found}) > 1:
        return entry
    run = found[0]
    link = f"{repository.rstrip('/')}/commit/{run.commit}" if repository and run.commit else run.link
    return {**entry, "apply": {"commit": run.commit, "link": link, "started": run.started.isoformat()}}


def _is_of(entry: Entry, run: Apply) -> bool:
    moment = datetime.fromisoformat(entry["time"])
    if not run.started - SLACK <= moment <= run.finished + SLACK:
        return False
    project = entry["project"]
    if not _is_by(entry["actor"], run.actor):
        return False
    if project is None or project["id"] != run.project:
        return False
    return any(_is_about(entry, item) for item in run.touched)


def _is_by(actor: Any, who: tuple[str, str]) -> bool:
    """Whether it was the same person or key; of a trust's key an entry does not say which trust has it."""
    if who == ("api-key", "") or (who[0] == "api-key" and who[1].startswith(oidc.OF_TRUST)):
        return bool(actor["kind"] == "api-key" and str(actor["name"]).startswith(OF_TRUST))
    name = actor["name"].lower() if actor["kind"] == "user" else str(actor["id"])
    return bool((actor["kind"], name) == (who[0], who[1].lower() if who[0] == "user" else who[1]))


def _is_about(entry: Entry, item: Touched) -> bool:
    named = entry[{"flag": "feature", "segment": "segment", "environment": "environment"}[item.kind]]
    if named is None or named["id"] != item.id or _kind(entry) != item.kind:
        return False
    place = entry["environment"]
    return item.environments is None or (place["name"] if place else None) in item.environments


def _kind(entry: Entry) -> Any:
    return {"SEGMENT": "segment", "ENVIRONMENT": "environment"}.get(entry["object"]["type"], "flag")
