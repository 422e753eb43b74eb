"""Makes a catalogue say what is live of single flags and segments, in the file itself: the catalogue follows."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from shlex import quote
from typing import Any

from flagops.commands.flags.catalogue.guards import CatalogueGuard
from flagops.commands.flags.catalogue.model import Catalogue, Flag
from flagops.commands.flags.catalogue.steps import moment
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.transfer.edit import CatalogueEdit, differing, edit
from flagops.commands.flags.transfer.export import Exported
from flagops.errors import BadInputError, NotFoundError, RefusedError

FLAGS, SEGMENTS, GUARDS = "flags", "segments", "guards"
TEXTS = ("only", "freeze")
"""Of steps: one text, or a list of them."""
START = "start"
WRITE_OUT = "Write the flag or segment out, without << and aliases."
STATE = "state"
"""Who holds a switch: git alone knows that."""


def follow(path: Path, declared: Catalogue, done: Exported, found: Snapshot, only: Collection[str]) -> CatalogueEdit:
    """The file with these flags and segments as they are live; all else, comments and the order stay.

    What was deleted or archived in Flagsmith goes; segments that a flag uses and the catalogue lacks come with it.

    Raises:
        OpsError: One is neither in the catalogue nor in Flagsmith, or is such that no catalogue can say it, or the file
            says the same thing, by `<<` or an alias, for one that is not named.
    """

    def change(content: Any) -> list[str]:
        return [name for name in dict.fromkeys(only) if _follow(content, name, declared, done, found, only)]

    def judge(changed: list[str], now: Catalogue) -> list[str]:
        others = [*differing(declared.flags, now.flags), *differing(declared.segments, now.segments)]
        _require_alone([name for name in others if name not in only], only)
        return changed

    return edit(path, change, judge)


def _require_alone(shared: Collection[str], only: Collection[str]) -> None:
    if shared:
        raise BadInputError(
            f"The catalogue cannot follow {', '.join(only)} alone: the file says the same once, "
            f"for {', '.join(shared)} too.",
            hint=WRITE_OUT,
        )


def _follow(
    content: Any, name: str, declared: Catalogue, done: Exported, found: Snapshot, only: Collection[str]
) -> bool:
    for section, known, live in ((FLAGS, declared.flags, found.flags), (SEGMENTS, declared.segments, found.segments)):
        if name not in known and name not in live:
            continue
        if name in done.content[section]:
            brought = False
            if section == FLAGS:
                _bring_segments(content, done.content[FLAGS][name], declared, done)
                brought = _bring_guards(content, done.content[FLAGS][name], declared, done, only)
            return _write(content.setdefault(section, {}), name, done.content[section][name]) or brought
        flag = found.flags.get(name) if section == FLAGS else None
        if name not in live or (flag is not None and flag.is_archived):
            return _take(content, section, name)
        reason = next((line for line in done.left_out if line.startswith(f"{section.removesuffix('s')} {name}:")), name)
        hint = f"Change it by hand, or --take-back {quote(name)}"
        raise RefusedError(f"The catalogue cannot follow: {reason}.", hint=hint)
    raise NotFoundError(f"There is no flag or segment {name!r}, neither in the catalogue nor in Flagsmith.")


def _take(content: Any, section: str, name: str) -> bool:
    there = content.get(section) or {}
    if name not in there:
        raise BadInputError(f"{name!r} has a name that YAML takes for something else.", hint="Put it in quotes.")
    del there[name]
    return True


def _bring_segments(content: Any, flag: Mapping[str, Any], declared: Catalogue, done: Exported) -> None:
    for name in _used(flag):
        if name not in declared.segments and name in done.content[SEGMENTS]:
            content.setdefault(SEGMENTS, {})[name] = done.content[SEGMENTS][name]


def _bring_guards(
    content: Any, flag: Mapping[str, Any], declared: Catalogue, done: Exported, only: Collection[str]
) -> bool:
    """What the flag's steps are watched by; a guard that others name too is changed with them, or not at all. Whether
    any was."""
    brought = False
    for name in dict.fromkeys(name for rollout in _rollouts(flag) for name in rollout.get(GUARDS, ())):
        live = done.content.get(GUARDS, {}).get(name)
        if live is None or CatalogueGuard.model_validate(live) == declared.guards.get(name):
            continue
        others = [of for of, item in declared.flags.items() if of not in only and name in _guards_of(item)]
        if name in declared.guards and others:
            raise BadInputError(
                f"The catalogue cannot follow {', '.join(only)} alone: the guard {name} is another one in Flagsmith, "
                f"and is for {', '.join(others)} too.",
                hint="Add --only for these, or change the guard by hand.",
            )
        content.setdefault(GUARDS, {})[name] = live
        brought = True
    return brought


def _guards_of(flag: Flag) -> set[str]:
    rollouts = [flag.rollout, *(state.rollout for state in flag.environments.values())]
    return {name for rollout in rollouts if rollout is not None for name in rollout.guards}


def _rollouts(flag: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = [state.get("rollout") for state in (flag, *flag.get("environments", {}).values())]
    return [rollout for rollout in found if isinstance(rollout, Mapping)]


def _used(flag: Mapping[str, Any]) -> Iterable[str]:
    for state in (flag, *flag.get("environments", {}).values()):
        yield from (target["segment"] for target in state.get("targeting") or ())
    for rollout in _rollouts(flag):
        yield from rollout.get("segments", {})
        yield from (rollout[key] for key in ("segment",) if key in rollout)


def _write(there: Any, name: str, wanted: Mapping[str, Any]) -> bool:
    """Write what is different, key by key, so that comments stay; whether anything was."""
    if name not in there:
        there[name] = dict(wanted)
        return True
    return _merge(there[name], wanted)


def _merge(node: Any, wanted: Mapping[str, Any]) -> bool:
    changed = False
    if getattr(node, "merge", None):
        raise BadInputError("The catalogue cannot follow what it says by `<<`.", hint=WRITE_OUT)
    for key in [key for key in node if key not in wanted and key != STATE]:
        if isinstance(node[key], Mapping) and _merge(node[key], {}) and node[key]:
            changed = True  # somebody's `state` stays in it
            continue
        if not (isinstance(node[key], Mapping) and node[key]):
            del node[key]
            changed = True
    for key, value in wanted.items():
        if key in node and isinstance(node[key], Mapping) and isinstance(value, Mapping):
            changed = _merge(node[key], value) or changed
        elif key not in node or not _is_same(key, node[key], value):
            node[key] = value
            changed = True
    return changed


def _is_same(key: str, one: Any, other: Any) -> bool:
    """Whether a file says the same already. What looks like a time to YAML 1.1 is one in the file, and a text else."""
    if key in TEXTS:
        return [_text(item) for item in _listed(one)] == _listed(other)
    if key == START and isinstance(one, datetime) and isinstance(other, str):
        return one.replace(tzinfo=one.tzinfo or UTC) == moment(other)
    return bool(one == other)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _text(item: Any) -> Any:
    return item.isoformat() if isinstance(item, date) else item
