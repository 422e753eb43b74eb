"""What must hold in a catalogue beyond its form: names, references, weights, lifecycle."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from itertools import chain, islice

from components.flag_metrics.in_pod.flag_metrics_tag import day_of
from components.text import quoting
from flagops.commands.flags.catalogue.amounts import ALL, check_amounts
from flagops.commands.flags.catalogue.conditions import Expressions, check_conditions, count_of, taken
from flagops.commands.flags.catalogue.groups import check_groups, check_owner
from flagops.commands.flags.catalogue.metadata import check_metadata
from flagops.commands.flags.catalogue.model import Catalogue, Flag, FlagKind, Role, Rollout, State, Target
from flagops.commands.flags.catalogue.naming import joined, words
from flagops.commands.flags.catalogue.prefixes import check_prefixes
from flagops.commands.flags.catalogue.problems import CatalogueProblem, Key
from flagops.commands.flags.catalogue.spelling import check_names
from flagops.commands.flags.catalogue.timetables import check_guards, check_steps
from flagops.serving.engine.variations import CONTROL

MOST_STATES = 200_000
"""What the flags are, in all environments, with what their segments get: Flagsmith has a row for each."""
NAMED = 10
"""Names that a message lists."""


def check(catalogue: Catalogue, today: date) -> list[CatalogueProblem]:
    """All that is wrong with a catalogue, and what is worth knowing."""
    known = frozenset(catalogue.environments)
    environments = list(_environments(catalogue))
    # Each flag's name is compared with each environment's: not when there are too many.
    names = () if environments else (check_names(catalogue), check_prefixes(catalogue))
    flags = (_flags(catalogue, known, today), check_amounts(catalogue), check_metadata(catalogue))
    steps = (check_guards(catalogue), check_steps(catalogue, today))
    parts = (environments, _segments(catalogue), *flags, *steps)
    return list(
        chain(*names, *parts, _hiding(catalogue, known), _access(catalogue, known), _deliveries(catalogue, known))
    )


def _environments(catalogue: Catalogue) -> Iterator[CatalogueProblem]:
    if not catalogue.environments:
        yield CatalogueProblem(("environments",), "is empty: name the project's environments")
    states = sum(_states(flag) for flag in catalogue.flags.values()) * len(catalogue.environments)
    if states > MOST_STATES:
        said = f"the flags and their segments would have {states:,} states in them, of {MOST_STATES:,} at most"
        yield CatalogueProblem(("environments",), f"are {len(catalogue.environments):,}: {said}")


def _states(flag: Flag) -> int:
    return 1 + len(flag.targeting) + (2 * len(flag.rollout.segments) if flag.rollout else 0)


def _segments(catalogue: Catalogue) -> Iterator[CatalogueProblem]:
    expressions = Expressions()
    for name, segment in catalogue.segments.items():
        key: Key = ("segments", name)
        yield from check_groups(key, segment, catalogue)
        yield from check_conditions(key, segment, expressions, catalogue.limits)


def _flags(catalogue: Catalogue, known: frozenset[str], today: date) -> Iterator[CatalogueProblem]:
    for name, flag in catalogue.flags.items():
        key: Key = ("flags", name)
        yield from _lifecycle(key, name, flag, today)
        yield from _variations(key, flag)
        yield from _rollout((*key, "rollout"), flag.rollout, catalogue, is_on=flag.enabled)
        yield from _targeting((*key, "targeting"), flag.targeting, flag, flag.rollout, catalogue)
        for environment, state in flag.environments.items():
            place: Key = (*key, "environments", environment)
            if environment not in known:
                yield _unknown(place, "environment", catalogue.environments)
            yield from _state(place, state, flag, catalogue)


def _lifecycle(key: Key, name: str, flag: Flag, today: date) -> Iterator[CatalogueProblem]:
    if not flag.description.strip():
        yield CatalogueProblem((*key, "description"), "is empty: say what the flag switches", is_warning=True)
    if flag.version is not None and f"v{flag.version}" not in words(name):
        better = joined(name, f"v{flag.version}")
        yield CatalogueProblem((*key, "version"), f"is {flag.version}: the name must say so, such as {better}")
    if flag.kind is FlagKind.RELEASE and not flag.success:
        yield CatalogueProblem(key, "lacks the key 'success': when has this release done its work?")
    if flag.kind in (FlagKind.RELEASE, FlagKind.EXPERIMENT) and flag.expires is None:
        yield CatalogueProblem(key, f"lacks the key 'expires': a flag of the kind {flag.kind} does not stay for good")
    for number, tag in enumerate(flag.tags):
        day = day_of(tag)
        if day is not None:
            # No error: before `apply` wrote such tags, a catalogue could have one of its own.
            text = f"{tag} says when the flag expires, as the key does: write `expires: {day}` in its place"
            yield CatalogueProblem((*key, "tags", number), text, is_warning=True)
    if flag.expires is not None and flag.expires < today:
        text = f"was {flag.expires}: remove the flag from the code and from here, or give it more time"
        yield CatalogueProblem((*key, "expires"), text, is_warning=True)


def _variations(key: Key, flag: Flag) -> Iterator[CatalogueProblem]:
    if not flag.variations:
        return
    for number, item in enumerate(flag.variations[1:], 1):
        if item.name == CONTROL:
            text = f"{CONTROL} is Flagsmith's own name of the first variation: give it to that one, or another name"
            yield CatalogueProblem((*key, "variations", number, "name"), text)
    if flag.value is not None:
        yield CatalogueProblem((*key, "value"), "goes without variations only: the first variation is the control")


def _state(key: Key, state: State, flag: Flag, catalogue: Catalogue) -> Iterator[CatalogueProblem]:
    is_on = flag.enabled if state.enabled is None else state.enabled
    yield from _rollout((*key, "rollout"), state.rollout, catalogue, is_on=is_on)
    rollout = state.rollout or (flag.rollout if not is_on or (flag.rollout and flag.rollout.steps) else None)
    place = (*key, "rollout") if state.targeting is None else (*key, "targeting")
    targeting = flag.targeting if state.targeting is None else state.targeting
    if state.targeting is not None or state.rollout is not None:
        yield from _targeting(place, targeting, flag, rollout, catalogue)
    yield from _weights((*key, "weights"), state.weights, flag)


def _weights(key: Key, weights: Mapping[str, float] | None, flag: Flag) -> Iterator[CatalogueProblem]:
    if weights is None:
        return
    known = {item.name: None for item in flag.variations}
    for name in weights:
        if name not in known:
            yield _unknown((*key, name), "variation", known)
    missing = [name for name in known if name not in weights]
    if missing:
        yield CatalogueProblem(key, f"lack {_listed(missing)}: name every variation")


def _rollout(key: Key, rollout: Rollout | None, catalogue: Catalogue, *, is_on: bool) -> Iterator[CatalogueProblem]:
    if rollout is not None and is_on and not rollout.steps:
        yield CatalogueProblem(
            key, "goes with `enabled: false` only: what is on for everybody has no share to roll out to"
        )
    for name, share in rollout.segments.items() if rollout else ():
        if name not in catalogue.segments:
            yield _unknown((*key, "segments", name), "segment", catalogue.segments)
        elif 0 < share < ALL:
            yield from _one_more((*key, "segments", name), name, catalogue)
        yield from check_owner((*key, "segments", name), name, str(key[1]), catalogue)
    if rollout is not None and rollout.segment is not None and rollout.segment in catalogue.segments:
        yield from _one_more((*key, "segment"), rollout.segment, catalogue)
        yield from check_owner((*key, "segment"), rollout.segment, str(key[1]), catalogue)


def _one_more(key: Key, name: str, catalogue: Catalogue) -> Iterator[CatalogueProblem]:
    """Whether a segment has room for a share beside its conditions."""
    most = catalogue.limits.segment_rules_conditions_limit
    if count_of(catalogue.segments[name]) == most:
        said = f"needs a segment with the {most} conditions of {quoting.key(name)} and one more"
        yield CatalogueProblem(key, f"{said}; {taken(most, 'SEGMENT_RULES_CONDITIONS_LIMIT')}")


def _targeting(
    key: Key, targets: tuple[Target, ...], flag: Flag, rollout: Rollout | None, catalogue: Catalogue
) -> Iterator[CatalogueProblem]:
    seen: set[str] = set()
    for number, target in enumerate(targets):
        yield from _weights((*key, number, "weights"), target.weights, flag)
        if target.weights is not None and target.value is not None:
            yield CatalogueProblem(
                (*key, number), "has both a value and weights: the value is for all of the segment, or none"
            )
        if target.segment not in catalogue.segments:
            yield _unknown((*key, number, "segment"), "segment", catalogue.segments, given=target.segment)
        yield from check_owner((*key, number, "segment"), target.segment, str(key[1]), catalogue)
        if target.segment in seen:
            yield CatalogueProblem(
                (*key, number, "segment"), f"{quoting.key(target.segment)} is targeted twice: remove one"
            )
        if rollout and (target.segment in rollout.segments or target.segment == rollout.segment):
            text = f"{quoting.key(target.segment)} has a share in the rollout too: only one of the two can count"
            yield CatalogueProblem((*key, number, "segment"), text)
        seen.add(target.segment)


def _hiding(catalogue: Catalogue, known: frozenset[str]) -> Iterator[CatalogueProblem]:
    for environment in catalogue.hide_disabled.environments:
        if environment not in known:
            key: Key = ("hide_disabled", "environments", environment)
            yield _unknown(key, "environment", catalogue.environments)


def _access(catalogue: Catalogue, known: frozenset[str]) -> Iterator[CatalogueProblem]:
    for number, prefix in enumerate(catalogue.access.api_keys):
        if "." in prefix:
            text = "is a whole key, which is a secret: revoke it, and name the part before the dot of its successor"
            yield CatalogueProblem(("access", "api_keys", number), text)
    for name, group in catalogue.access.groups.items():
        key: Key = ("access", "groups", name, "environments")
        for environment, role in group.environments.items():
            if environment not in known:
                yield _unknown((*key, environment), "environment", catalogue.environments)
            if Role.ADMIN in (role, group.role):
                text = "is of no use: an admin is one in all environments, and nobody is one in a single one"
                yield CatalogueProblem((*key, environment), text)


def _deliveries(catalogue: Catalogue, known: frozenset[str]) -> Iterator[CatalogueProblem]:
    seen: dict[tuple[str, str], int] = {}
    for number, item in enumerate(catalogue.keys):
        key: Key = ("keys", number)
        if item.environment not in known:
            yield _unknown((*key, "environment"), "environment", catalogue.environments, given=item.environment)
        place = (item.namespace, item.secret)
        if place in seen:
            yield CatalogueProblem(
                key, f"writes the Secret {item.namespace}/{item.secret}, as keys[{seen[place]}] does"
            )
        seen.setdefault(place, number)


def _unknown(key: Key, what: str, known: Collection[str], given: str | None = None) -> CatalogueProblem:
    named = f"{quoting.key(given)} " if given else ""
    name = str(key[-1]) if given is None else given
    spelt = next((one for one in known if one.casefold() == name.casefold()), None)
    if spelt is not None:
        return CatalogueProblem(key, f"{named}is no {what} of this catalogue: write {quoting.key(spelt)}, as it does")
    return CatalogueProblem(key, f"{named}is no {what} of this catalogue; there are: {_listed(known)}")


def _listed(names: Collection[str]) -> str:
    more = [f"and {len(names) - NAMED} more"] if len(names) > NAMED else []
    return ", ".join([*map(quoting.key, islice(names, NAMED)), *more]) or "none"
