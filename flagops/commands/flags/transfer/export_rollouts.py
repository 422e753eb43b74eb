"""Rollouts with steps, and the guards that watch them, out of what a server has; how far they are is left there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from components.rollouts.in_pod.declared import Comparison, Declared, Guard
from flagops.commands.flags.catalogue.guards import SHIPPED, CatalogueGuard
from flagops.commands.flags.catalogue.model import Catalogue, Rollout
from flagops.commands.flags.catalogue.steps import RolloutStep, TextError, guard_of, length, moment, steps_of
from flagops.commands.flags.reconcile.running import length_of

Content = dict[str, Any]
PLAIN = CatalogueGuard()
FLAG, ENVIRONMENT = "$flag", "$environment"


def steps_content(declared: Declared, like: Rollout | None) -> Content:
    """A rollout with steps as a catalogue says it. Times and lengths are those of `like` where it says the same."""
    kept = like if like is not None and like.steps else Rollout()
    found: Content = {}
    if declared.start is not None:
        found["start"] = kept.start if _is_at(kept.start, declared.start) else _moment_text(declared.start)
    steps = kept.steps if kept.steps and steps_of(kept.steps) == declared.steps else _as_texts(declared)
    found["steps"] = [{"to": number(step.to), **({} if step.lasts is None else {"for": step.lasts})} for step in steps]
    if declared.group is not None:
        found["segment"] = declared.group
    for key, texts in (("only", declared.only), ("freeze", declared.freezes)):
        if texts:
            found[key] = texts[0].text if len(texts) == 1 else [item.text for item in texts]
    if declared.guards:
        found["guards"] = [guard.name for guard in declared.guards]
    return found if declared.enabled else {**found, "enabled": False}


def _is_at(text: str | None, start: datetime) -> bool:
    return text is not None and moment(text) == start


def _moment_text(start: datetime) -> str:
    local = start.astimezone(UTC)
    return f"{local:%Y-%m-%d %H:%M:%S} UTC" if local.second else f"{local:%Y-%m-%d %H:%M} UTC"


def _as_texts(declared: Declared) -> tuple[RolloutStep, ...]:
    # Not checked: what is written is read and checked as a whole, and what is wrong in it is named then.
    return tuple(
        RolloutStep.model_construct(to=step.to, lasts=length_of(step.lasts) if step.lasts else None)
        for step in declared.steps
    )


def number(value: float) -> float | int:
    """A number as people write it."""
    return int(value) if float(value).is_integer() else value


@dataclass
class Guards:
    """The guards that rollouts name, each defined once.

    A query in Flagsmith has the flag and the environment in it. What the other catalogue says counts where it gives the
    same; else several rollouts share one definition where `$flag` and `$environment` in it make it theirs.
    """

    like: Catalogue | None
    uses: dict[str, list[tuple[Guard, str, str]]] = field(default_factory=dict)

    def add(self, declared: Declared) -> None:
        """The guards of a rollout."""
        for guard in declared.guards:
            self.uses.setdefault(guard.name, []).append((guard, declared.flag, declared.environment))

    def content(self) -> Content:
        """The catalogue's `guards`: those of the other catalogue that nothing uses stay; nothing for none."""
        known = dict(self.like.guards) if self.like else {}
        found = {name: _dumped(item) for name, item in known.items()}
        for name, uses in self.uses.items():
            kept = known.get(name)
            if kept is not None and _fits(kept, uses):
                continue
            if name in SHIPPED and _fits(SHIPPED[name], uses):
                found.pop(name, None)
                continue
            said = {"description": kept.description} if kept is not None and kept.description else {}
            found[name] = said | _definition(uses)
        return {"guards": found} if found else {}


def _dumped(item: CatalogueGuard) -> Content:
    return item.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _definition(uses: list[tuple[Guard, str, str]]) -> Content:
    """One that all of them are made by; where there is none, that of the first."""
    first, flag, environment = uses[0]
    for names in ({}, {flag: FLAG}, {environment: ENVIRONMENT}, {flag: FLAG, environment: ENVIRONMENT}):
        found = _guard_content(first, names)
        if _fits(found, uses):
            return found
    return _guard_content(first, {})


def _fits(said: CatalogueGuard | Content, uses: list[tuple[Guard, str, str]]) -> bool:
    try:
        item = CatalogueGuard.model_validate(said) if isinstance(said, dict) else said
        return all(guard_of(guard.name, item, flag, environment) == guard for guard, flag, environment in uses)
    except (TextError, ValidationError):
        return False


def _guard_content(guard: Guard, names: Mapping[str, str]) -> Content:
    def said(query: str) -> str:
        for name, sign in names.items():
            query = query.replace(name, sign)
        return query

    found: Content = {}
    if guard.comparison is not None:
        found["compare"] = dict(_compared(guard.comparison, said))
    else:
        found["query"] = said(guard.query)
    bounds = (("at_most", guard.at_most), ("at_least", guard.at_least))
    found |= {key: number(bound) for key, bound in bounds if bound is not None}
    for key, lasts, usual in (
        ("for", guard.holds, PLAIN.lasts),
        ("warm_up", guard.warm_up, PLAIN.warm_up),
        ("warn_after", guard.warn_after, PLAIN.warn_after),
    ):
        if lasts != length(usual):
            found[key] = length_of(lasts) if lasts else "0"
    if guard.samples or guard.least:
        query = {"query": said(guard.samples)} if guard.samples else {}
        found["samples"] = query | {"least": number(guard.least)}
    return found if guard.broken is PLAIN.broken else {**found, "broken": str(guard.broken)}


def _compared(arms: Comparison, said: Any) -> Iterator[tuple[str, Any]]:
    yield "measure", str(arms.measure)
    yield from (("events", said(arms.events)), ("total", said(arms.total)))
    yield from (("label", arms.label), ("new", arms.new), ("old", arms.old), ("alpha", arms.alpha))
