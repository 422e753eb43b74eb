"""What Flagsmith can keep of a flag's values, and of the weights of its variations."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from components.text import quoting
from flagops.commands.flags.catalogue.conditions import taken
from flagops.commands.flags.catalogue.model import Catalogue, Flag, Target, Value
from flagops.commands.flags.catalogue.problems import CatalogueProblem, Key
from flagops.commands.flags.catalogue.values import plain

ALL: Final = 100.0
CLOSE: Final = 0.01  # of a percent: three weights of 33.333 need not add up to the last digit
LARGEST: Final = 2**31 - 1  # of PostgreSQL's integer


def check_amounts(catalogue: Catalogue) -> Iterator[CatalogueProblem]:
    """What is wrong with the values of all flags, and with the sums of their weights."""
    longest = catalogue.limits.feature_value_limit
    for name, flag in catalogue.flags.items():
        for key, value in _values(("flags", name), flag):
            yield from _value(key, value, longest)
        for key, weights in _weights(("flags", name), flag):
            yield from _sum(key, weights)


def _targets(key: Key, flag: Flag) -> Iterator[tuple[Key, Target]]:
    for number, target in enumerate(flag.targeting):
        yield (*key, "targeting", number), target
    for environment, state in flag.environments.items():
        for number, target in enumerate(state.targeting or ()):
            yield (*key, "environments", environment, "targeting", number), target


def _values(key: Key, flag: Flag) -> Iterator[tuple[Key, Value]]:
    yield (*key, "value"), flag.value
    for number, item in enumerate(flag.variations):
        yield (*key, "variations", number, "value"), item.value
    for environment, state in flag.environments.items():
        yield (*key, "environments", environment, "value"), state.value
    for place, target in _targets(key, flag):
        yield (*place, "value"), target.value


def _weights(key: Key, flag: Flag) -> Iterator[tuple[Key, Sequence[float]]]:
    """All weights that are given, in the order of the variations; the first one is the control's."""
    names = [item.name for item in flag.variations]
    if names:
        yield (*key, "variations"), [item.weight for item in flag.variations]
    given = [((*key, "environments", name, "weights"), state.weights) for name, state in flag.environments.items()]
    given += [((*place, "weights"), target.weights) for place, target in _targets(key, flag)]
    for place, weights in given:
        if weights is not None and set(weights) == set(names):
            yield place, [weights[name] for name in names]


def _value(key: Key, value: Value, longest: int) -> Iterator[CatalogueProblem]:
    """What Flagsmith cannot keep: JSON has no endless numbers, and its own numbers have 32 bits."""
    if isinstance(value, int) and not -LARGEST - 1 <= value <= LARGEST:
        said = f"Flagsmith keeps whole numbers of 32 bits, up to {LARGEST}; write it in quotes"
        yield CatalogueProblem(key, f"is {quoting.value(value)}: {said}")
    if isinstance(value, Mapping | list):
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            said = quoting.short(str(error))
            yield CatalogueProblem(key, f"cannot be written as JSON: {said}. Write it in quotes, as text")
            return
    kept = plain(value)
    if isinstance(kept, str) and len(kept) > longest:
        yield CatalogueProblem(key, f"has {len(kept)} characters; {taken(longest, 'FEATURE_VALUE_LIMIT')}")


def _sum(key: Key, weights: Sequence[float]) -> Iterator[CatalogueProblem]:
    verb = "have weights of" if key[-1] == "variations" else "are"
    total, others = math.fsum(weights), weights[1:]
    most = largest_sum(others)
    if abs(total - ALL) > CLOSE:
        yield CatalogueProblem(key, f"{verb} {total:g} together: they must be 100")
    elif most > ALL:
        said = f"{verb} {most!r} together but for the first one, as Flagsmith adds them, and it takes 100 at most"
        yield CatalogueProblem(key, f"{said}: make one of them a little less")


def largest_sum(weights: Sequence[float]) -> float:
    """The largest sum that Flagsmith gets of weights, which decides whether it takes them.

    PostgreSQL adds those that are kept one after another, and Flagsmith the one that is written to that
    (features/multivariate/serializers.py); those of a state are added by Python, exactly (features/serializers.py).
    """
    sums = [math.fsum(weights)]
    for number, weight in enumerate(weights):
        kept = 0.0
        for other in (*weights[:number], *weights[number + 1 :]):
            kept += other
        sums.append(kept + weight)
    return max(sums)
