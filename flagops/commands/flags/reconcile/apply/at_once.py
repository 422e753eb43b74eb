"""Writes what a flag is in one environment by one request, which newer servers take: all of it is done, or nothing.

Flagsmith calls the path experimental, so it is used where the release has it, and the older way where the server does
not know it after all. The path is the same whether the environment keeps versions or not.
"""

from collections.abc import Callable, Collection, Mapping
from itertools import pairwise
from typing import Any, TypeVar

from flagops.commands.flags.catalogue.values import Plain
from flagops.commands.flags.reconcile.apply.writing import STEP, FlagInEnvironment, is_untouched
from flagops.commands.flags.reconcile.change import Change
from flagops.commands.flags.reconcile.compare import ORDER, compare_states, sequence, surplus
from flagops.commands.flags.server.read import read_state
from flagops.commands.flags.server.snapshot import RemoteOverride, RemoteState, Snapshot
from flagops.commands.flags.spec import FlagSpec, OverrideSpec, StateSpec
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from flagops.flagsmith_api.deployed import Environment
from flagops.flagsmith_api.ensure import change_once

SINCE = (2, 263, 0)
UNKNOWN = frozenset({200, 403, 404, 405})
"""What servers and gateways say to a path or a method they do not know; 200 is the page of the unified image."""
PARTS = {"enabled": "enabled", "value": "value", "weights": "variants"}
"""A change's fields in the words of the path."""
Body = dict[str, Any]
Found = TypeVar("Found")


class AtOnce:
    """Writes flags in environments by one request each.

    Attributes:
        is_known: Whether the server has the path, as far as is known.
    """

    def __init__(self, client: FlagsmithClient) -> None:
        self._client = client
        self.is_known = client.release is None or client.release >= SINCE

    def write(self, found: Snapshot, wanted: FlagSpec, environment: Environment, changes: list[Change]) -> bool:
        """Carry out the changes of one flag in one environment; False when it cannot be said so, and nothing was done.

        Only what changes is sent, so that what people change meanwhile stays, unless something has to go: a value, or
        an override. Then all of the flag is sent anew. Raises FlagsmithError when it is refused.
        """
        target = FlagInEnvironment.of(found, wanted, environment)
        if not all(change.field for change in changes):  # the flag is new: what differs from what it was made as
            args = (wanted, environment.name, target.state, target.flag, target.found, target.managed)
            changes = list(compare_states(*args))
            if not changes:
                return True
        request = _request(target, changes) if self.is_known else None
        if request is None:
            return False
        method, body = request

        def is_done(now: RemoteState) -> bool:
            args = (wanted, environment.name, target.state, target.flag, now, target.managed)
            left = [item.field for item in compare_states(*args)]
            return not any(_overlap(one.field, other) for one in changes for other in left)

        return self.send(
            environment,
            target.flag.id,
            method,
            body,
            read=lambda: read_state(self._client, environment, target.flag.id, target.names),
            is_done=is_done,
            was=lambda now: is_untouched(now, target.found),
            what=target.what,
        )

    def send(
        self,
        environment: Environment,
        feature: int,
        method: str,
        body: Body,
        *,
        read: Callable[[], Found],
        is_done: Callable[[Found], bool],
        was: Callable[[Found], bool],
        what: str,
    ) -> bool:
        """Send one such request, once; False when the server does not know the path, and nothing was done.

        `read`, `is_done`, `was` and `what` are those of `change_once`. Raises FlagsmithError when it is refused.
        """
        path = f"/api/__future__/environments/{environment.key}/features/{feature}/"
        try:
            change_once(
                lambda: self._client.request(method, path, body=body), read, is_done=is_done, was=was, what=what
            )
        except FlagsmithError as error:
            if error.status not in UNKNOWN:
                raise
            self.is_known = False
            return False
        return True


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two fields are the same, or one is a part of the other."""
    return all(first == second for first, second in zip(one, other, strict=False))


def _request(target: FlagInEnvironment, changes: list[Change]) -> tuple[str, Body] | None:
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
