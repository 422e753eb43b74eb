"""The body of the one request by which newer servers take what a flag is in one environment, and how they show it."""

from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from typing import Any

from flagops.commands.flags.catalogue.values import Plain
from flagops.commands.flags.reconcile.apply.meanwhile import Content, Contents
from flagops.commands.flags.reconcile.apply.writing import STEP, FlagInEnvironment
from flagops.commands.flags.reconcile.change import Change
from flagops.commands.flags.reconcile.compare import ORDER, sequence, surplus
from flagops.commands.flags.server.snapshot import RemoteOverride, RemoteState
from flagops.commands.flags.spec import OverrideSpec, StateSpec

PARTS = {"enabled": "enabled", "value": "value", "weights": "variants"}
"""A change's fields in the words of the path."""
Body = dict[str, Any]


def one_request(target: FlagInEnvironment, changes: list[Change]) -> tuple[str, Body] | None:
    """The method and the body; None where an override has no value and the flag has one: the path cannot say that."""
    own = {PARTS[change.field[0]] for change in changes if change.field[0] in PARTS}
    overrides: dict[str, set[str]] = {}
    for change in changes:
        if change.field[0] == "override":
            named = [PARTS[name] for name in change.field[2:]] or PARTS.values()
            overrides.setdefault(change.field[1], set()).update(named)
    there = {item.segment: item for item in target.found.overrides}
    wanted = {item.segment: item for item in target.state.overrides}
    before, after = _content(target, target.found), _merged(target, target.state, target.found, own)
    merged = {
        name: _merged(target, wanted.get(name), there.get(name), overrides.get(name, ()))
        for name in sequence(target.state, target.found, target.managed)
    }
    emptied = [
        name for name, item in merged.items() if name in there and _is_emptied(_content(target, there[name]), item)
    ]
    is_whole = bool(emptied or surplus(target.state, target.found, target.managed)) or _is_emptied(before, after)
    ranks = _ranks(target, is_reordered=any(change.field == ORDER for change in changes))
    listed: list[Body] = []
    for name, item in merged.items():
        old = there.get(name)
        is_all = is_whole or old is None
        if is_all and item["value"] is None and after["value"] is not None:
            return None
        part = _said(item, PARTS.values() if is_all else overrides.get(name, ()))
        if old is None or is_all or old.priority != ranks[name]:
            part["priority"] = ranks[name]
        if part:
            listed.append({"segment": {"id": target.segments[name]}, **part})
    if is_whole:
        return "PUT", {"environment_default": _said(after, PARTS.values()), "segment_overrides": listed}
    default = {"environment_default": _said(after, own)} if own else {}
    return "PATCH", {**default, **({"segment_overrides": listed} if listed else {})}


def contents(shown: Mapping[str, Any]) -> Contents:
    """What the path says."""
    overrides = sorted(shown["segment_overrides"], key=lambda row: (row["priority"], row["segment"]["id"]))
    return Contents(_of(shown["environment_default"]), {row["segment"]["id"]: _of(row) for row in overrides})


def _of(shown: Mapping[str, Any]) -> Content:
    return Content(shown["enabled"], _plain(shown["value"]), _weights(shown["variants"]))


def _weights(variants: Iterable[Mapping[str, Any]]) -> dict[int, float]:
    return {item["id"]: float(item["weight"]) for item in variants}


def _plain(value: Mapping[str, Any] | None) -> Plain:
    if value is None:
        return None
    text = str(value["value"])
    return text == "true" if value["type"] == "boolean" else int(text) if value["type"] == "integer" else text


def after_writing(before: Contents, body: Body, *, is_whole: bool) -> Contents:
    """What the flag is there when the body was written."""
    own = _changed(before.own, body.get("environment_default", {}), is_whole=is_whole)
    listed = {item["segment"]["id"]: item for item in body.get("segment_overrides", [])}
    overrides = {} if is_whole else dict(before.overrides)
    for segment, item in listed.items():
        there = before.overrides.get(segment)
        overrides[segment] = _changed(there or own, item, is_whole=is_whole or there is None)
    places = {segment: place for place, segment in enumerate(overrides)}
    places |= {segment: item["priority"] for segment, item in listed.items() if "priority" in item}
    is_ordered = all("priority" in listed.get(segment, {}) for segment in overrides)
    names = sorted(overrides, key=lambda segment: places[segment]) if is_ordered else list(overrides)
    return Contents(own, {segment: overrides[segment] for segment in names})


def _changed(before: Content, part: Body, *, is_whole: bool) -> Content:
    value = _plain(part.get("value")) if "value" in part or is_whole else before.value
    weights = _weights(part["variants"]) if "variants" in part else before.weights
    return Content(part.get("enabled", before.enabled), value, weights)


def _content(target: FlagInEnvironment, item: StateSpec | OverrideSpec | RemoteState | RemoteOverride) -> Body:
    """A state or an override in the words of the path; a variation that the catalogue has no more gets nothing."""
    weights = dict.fromkeys((option.id for option in target.flag.options), 0.0)
    if isinstance(item, StateSpec | OverrideSpec):
        weights |= {target.ids[name]: weight for name, weight in item.weights.items()}
    else:
        weights |= {variant.option: variant.weight for variant in item.variants if variant.option in weights}
    variants = [{"id": option, "weight": weight} for option, weight in weights.items()]
    return {"enabled": item.enabled, "value": typed_value(item.value), "variants": variants or None}


def _merged(
    target: FlagInEnvironment,
    wanted: StateSpec | OverrideSpec | None,
    found: RemoteState | RemoteOverride | None,
    changed: Collection[str],
) -> Body:
    """What changes as it is wanted, and the rest as it is; what is new as it is wanted, what is people's as it is."""
    new = _content(target, wanted) if wanted is not None else {}
    old = _content(target, found) if found is not None else new
    return {name: new[name] if name in changed and new else old[name] for name in PARTS.values()}


def _is_emptied(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return before["value"] is not None and after["value"] is None


def _said(content: Body, parts: Collection[str]) -> Body:
    """These parts of it; what is empty is left out."""
    return {name: content[name] for name in PARTS.values() if name in parts and content[name] is not None}


def _ranks(target: FlagInEnvironment, *, is_reordered: bool) -> dict[str, int]:
    """The priorities of the overrides that stay, and of new ones: those that are in order keep theirs."""
    there = {item.segment: item.priority for item in target.found.overrides}
    names = sequence(target.state, target.found, target.managed)
    old, new = [name for name in names if name in there], [name for name in names if name not in there]
    kept = [there[name] for name in old]
    is_kept = names == [*old, *new] and all(one < other for one, other in pairwise(kept))
    if not is_kept and (is_reordered or new):
        return {name: rank * STEP for rank, name in enumerate(names)}
    first = kept[-1] + STEP if kept else 0
    return {name: there[name] for name in old} | {name: first + rank * STEP for rank, name in enumerate(new)}


def typed_value(value: Plain) -> Body | None:
    """A value in the words of the path: its type, and a text."""
    if value is None:
        return None
    if isinstance(value, bool):
        return {"type": "boolean", "value": str(value).lower()}
    return {"type": "integer" if isinstance(value, int) else "string", "value": str(value)}
