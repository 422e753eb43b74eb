"""Gives one environment of a catalogue what another one has, in the file itself: for a pull request."""

from collections.abc import Collection
from copy import deepcopy
from pathlib import Path
from typing import Any

from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.transfer.edit import CatalogueEdit, differing, edit
from flagops.errors import BadInputError, NotFoundError


def promote(path: Path, declared: Catalogue, source: str, target: str, only: Collection[str] = ()) -> CatalogueEdit:
    """The file with the target's states, values, weights, rollouts and targeting as the source's.

    What is said for all environments stays; comments and order stay.

    Args:
        path: The catalogue.
        declared: Its content.
        source: The environment to take from.
        target: The environment to change.
        only: The flags to promote; all, if empty.

    Raises:
        OpsError: An environment or a flag is unknown, or the file says the same thing for a flag that is not promoted.
    """
    for name in (source, target):
        if name not in declared.environments:
            known = ", ".join(declared.environments)
            raise NotFoundError(f"{path} has no environment {name!r}; there are: {known}.")
    if source == target:
        raise BadInputError(f"{source!r} is given twice: name two environments.")
    for name in only:
        if name not in declared.flags:
            raise NotFoundError(f"{path} has no flag {name!r}.")

    def change(content: Any) -> list[str]:
        names = [name for name in declared.flags if not only or name in only]
        return [name for name in names if _copy(content, name, source, target)]

    def judge(changed: list[str], now: Catalogue) -> list[str]:
        others = differing(declared.flags, now.flags)
        changed = [name for name in declared.flags if name in changed or name in others]
        _require_alone(changed, only)
        return changed

    return edit(path, change, judge)


def _require_alone(changed: Collection[str], only: Collection[str]) -> None:
    """Raise OpsError where the file says one thing for several flags, by `<<` or an alias, of which some stay."""
    wanted, shared = [[name for name in changed if (name in only) is which] for which in (True, False)]
    if only and shared:
        raise BadInputError(
            f"{', '.join(wanted)} cannot be promoted alone: one place in the file says what it is in its environments, "
            f"for it and for {', '.join(shared)}.",
            hint="Write `environments` out for each of these flags, without << and aliases; or promote all of them.",
        )


def _copy(content: Any, name: str, source: str, target: str) -> bool:
    """Copy what the flag is in one environment to another one; whether that changed anything."""
    flag = content["flags"].get(name)
    if flag is None:
        raise BadInputError(
            f"The flag {name!r} has a name that YAML takes for something else.", hint="Put it in quotes."
        )
    states = flag.get("environments") or {}
    wanted = states.get(source)
    if _without_start(wanted) == _without_start(states.get(target)) or (not wanted and not states.get(target)):
        return False
    if wanted:
        before, states[target] = states.get(target), deepcopy(wanted)
        _keep_start(states[target], before)
    else:
        del states[target]
        if not states:
            del flag["environments"]
    return True


def _without_start(state: Any) -> Any:
    """What a flag is there but for when its steps begin, which is an environment's own."""
    if not state or not isinstance(state.get("rollout"), dict):
        return state
    rollout = {key: value for key, value in state["rollout"].items() if key != "start"}
    return {**state, "rollout": rollout}


def _keep_start(state: Any, before: Any) -> None:
    """Steps are carried, and not when they began: the target keeps its own start, or waits for somebody."""
    rollout = state.get("rollout")
    if not isinstance(rollout, dict) or "steps" not in rollout:
        return
    rollout.pop("start", None)
    own = ((before or {}).get("rollout") or {}) if isinstance((before or {}).get("rollout"), dict) else {}
    if "start" in own:
        rollout["start"] = own["start"]
