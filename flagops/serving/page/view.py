"""What the page shows, as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from flagops.serving.engine.variations import CONTROL, name_of
from flagops.serving.model.environment import ServedEnvironment, State
from flagops.serving.model.overrides import Override
from flagops.serving.server.seen import Reads
from flagops.serving.server.state import ServedState

SHOWN: Final = 50
"""Requests and events."""


def flags(served: ServedState) -> dict[str, Any]:
    """All environments with their flags, and the overrides of each."""
    return {
        "label": served.label,
        "notes": list(served.loaded.notes),
        "environments": [_environment(served, item) for item in served.environments.values()],
    }


def news(served: ServedState) -> dict[str, Any]:
    """What changes from moment to moment; `version` is another one when the flags have to be asked for again."""
    reports = served.reports
    times = "/".join(str(item.document["updated_at"]) for item in served.environments.values())
    return {
        "version": f"{times}#{served.version}",
        "problem": served.problem,
        "requests": [asdict(item) for item in list(reports.requests)[-SHOWN:]],
        "clients": [{"name": name, "requests": count} for name, count in reports.clients.most_common(SHOWN)],
        "events": [{"name": name, "count": count} for name, count in reports.events.most_common(SHOWN)],
        "last_events": list(reports.last_events)[-SHOWN:],
        "reads": [
            {"environment": environment, "flag": flag, **asdict(reads), "all": reads.all}
            for (environment, flag), reads in _most_read(reports.reads)
        ],
        "users": len(served.identities),
        "listeners": len(served.changes),
    }


def _most_read(reads: Mapping[tuple[str, str], Reads]) -> list[tuple[tuple[str, str], Reads]]:
    return sorted(reads.items(), key=lambda item: -item[1].all)[:SHOWN]


def _environment(served: ServedState, environment: ServedEnvironment) -> dict[str, Any]:
    keys = served.keys[environment.name]
    mine: dict[str, list[Override]] = {}
    for item in served.overrides:
        if item.environment in (None, environment.name):
            mine.setdefault(item.flag, []).append(item)
    segments: dict[str, list[dict[str, Any]]] = {}
    for segment in environment.document["project"]["segments"]:
        for own in segment.get("feature_states") or ():
            row = {"name": segment["name"], "enabled": own["enabled"], "value": own["feature_state_value"]}
            segments.setdefault(own["feature"]["name"], []).append(row)
    return {
        "name": environment.name,
        "client_side_key": keys.client_side,
        "server_side_key": keys.server_side,
        "flags": [
            {
                **_flag(served, environment, state),
                "segments": segments.get(state["feature"]["name"], []),
                **_overrides(mine.get(state["feature"]["name"], [])),
            }
            for state in environment.states(is_server_side=True)
        ],
    }


def _overrides(mine: Sequence[Override]) -> dict[str, Any]:
    return {
        "is_overridden": any(item.identity is None for item in mine),
        "overrides": [asdict(item) for item in mine],
    }


def _flag(served: ServedState, environment: ServedEnvironment, state: State) -> dict[str, Any]:
    name = state["feature"]["name"]
    shares = state["multivariate_feature_state_values"]
    rest = 100.0 - sum(share["percentage_allocation"] for share in shares)
    variations = [{"name": CONTROL, "value": state["feature_state_value"], "weight": rest}] if shares else []
    variations += [
        {
            "name": str(name_of(share)),
            "value": share["multivariate_feature_option"]["value"],
            "weight": share["percentage_allocation"],
        }
        for share in shares
    ]
    return {
        "name": name,
        "enabled": state["enabled"],
        "value": state["feature_state_value"],
        "variations": variations,
        "is_server_only": state["feature"]["id"] in environment.server_only,
        "about": served.loaded.about.get(name, {}),
    }
