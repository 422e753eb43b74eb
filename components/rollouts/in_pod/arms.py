"""Compares the rates of two arms, at any time and as often as one likes.

Each arm is a number of events among a number of samples. Its rate is in a confidence sequence: the beta-binomial
mixture of Robbins ("Statistical methods related to the law of the iterated logarithm", 1970), which by Ville's
inequality holds the true rate at all looks together with a probability of 1 - alpha. Two arms share alpha. There is no
approximation: it holds for ten samples as for ten million.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, lgamma, log

from .declared import Measure

PRIOR = 0.5
"""Of the mixture, in both its parameters (Jeffreys'): it is narrowest near 0 and 1, where rates of errors are."""
HALVINGS = 40  # of an interval of rates: what is left is a millionth of a millionth


@dataclass(frozen=True)
class Arm:
    """So many events among so many samples."""

    events: float
    total: float

    @property
    def rate(self) -> float:
        """Events by samples; 0 of none."""
        return self.events / self.total if self.total else 0.0


@dataclass(frozen=True)
class Interval:
    """From where to where something is."""

    low: float
    high: float


def rate_of(arm: Arm, alpha: float) -> Interval:
    """The confidence sequence's interval of an arm's rate; from 0 to 1 for an arm without samples."""
    total = max(arm.total, 0.0)
    events = min(max(arm.events, 0.0), total)
    others = total - events
    most = log(1 / alpha) - _log_beta(PRIOR + events, PRIOR + others) + _log_beta(PRIOR, PRIOR)

    def is_out(rate: float) -> bool:
        """Whether the mixture is likelier than this rate by more than chance allows."""
        return _log(events, rate) + _log(others, 1 - rate) < -most

    middle = events / total if total else 0.5
    low = 0.0 if not is_out(0.0) else _edge(is_out, 0.0, middle)
    high = 1.0 if not is_out(1.0) else _edge(is_out, 1.0, middle)
    return Interval(low, high)


def _log(count: float, rate: float) -> float:
    return 0.0 if not count else -inf if rate <= 0 else count * log(rate)


def _log_beta(one: float, other: float) -> float:
    return lgamma(one) + lgamma(other) - lgamma(one + other)


def _edge(is_out: Callable[[float], bool], out: float, inside: float) -> float:
    """Where the interval ends, between a rate that is out and one that is in; the outer side of the last halving."""
    for _ in range(HALVINGS):
        half = (out + inside) / 2
        out, inside = (half, inside) if is_out(half) else (out, half)
    return out


def compared(new: Arm, old: Arm, measure: Measure, alpha: float) -> Interval:
    """Where the difference of the rates, or their ratio, is; new against old. A ratio has no upper end where the old
    arm's rate may be 0."""
    one, other = rate_of(new, alpha / 2), rate_of(old, alpha / 2)
    if measure is Measure.DIFFERENCE:
        return Interval(one.low - other.high, one.high - other.low)
    return Interval(
        one.low / other.high if other.high else 0.0,
        one.high / other.low if other.low else inf,
    )
