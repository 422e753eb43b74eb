"""Two arms are told apart with the error rates that the docs name, as often as anybody looks."""

import random
from collections.abc import Callable
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.rollouts.in_pod.arms import Arm, compared, rate_of
from components.rollouts.in_pod.declared import Measure

RUNS = 150
LOOKS = 60
Test = Callable[[Arm, Arm, float], bool]


def by_sequence(new: Arm, old: Arm, bound: float) -> bool:
    return compared(new, old, Measure.DIFFERENCE, 0.05).low > bound


def by_a_test_for_one_look(new: Arm, old: Arm, bound: float) -> bool:
    """The usual test of two rates at 5 %, of one side, asked again and again."""
    both = (new.events + old.events) / (new.total + old.total)
    spread = sqrt(both * (1 - both) * (1 / new.total + 1 / old.total))
    return bool(spread) and (new.rate - old.rate - bound) / spread > 1.645


def first_breach(new: float, old: float, bound: float, *, each: int, seed: int, test: Test = by_sequence) -> int | None:
    """At which look a difference above `bound` is sure, of arms with these rates that get `each` samples a look."""
    made = random.Random(seed)  # noqa: S311 - a simulation
    counts = [0, 0]
    for look in range(1, LOOKS + 1):
        for number, rate in enumerate((new, old)):
            counts[number] += sum(made.random() < rate for _ in range(each))
        if test(Arm(counts[0], look * each), Arm(counts[1], look * each), bound):
            return look
    return None


def alarms(new: float, old: float, bound: float, test: Test = by_sequence) -> float:
    """Which share of runs of 60 looks is called broken at one of them."""
    found = [first_breach(new, old, bound, each=20, seed=seed, test=test) for seed in range(RUNS)]
    return sum(look is not None for look in found) / RUNS


def test_without_a_difference_hardly_any_run_of_many_looks_is_called_broken() -> None:
    assert alarms(0.02, 0.02, 0) <= 0.05
    assert alarms(0.02, 0.02, 0, by_a_test_for_one_look) > 0.2


def test_a_difference_within_the_bound_is_none() -> None:
    assert alarms(0.03, 0.02, 0.01) <= 0.05


def test_a_real_difference_is_found_and_a_greater_one_sooner() -> None:
    small = [first_breach(0.06, 0.02, 0, each=50, seed=seed) for seed in range(100)]
    great = [first_breach(0.30, 0.02, 0, each=50, seed=seed) for seed in range(100)]
    assert None not in great
    assert max(look for look in great if look) <= 6
    found = [look for look in small if look]
    assert len(found) >= 95
    assert sorted(found)[len(found) // 2] > sorted(look for look in great if look)[50]


@given(st.integers(0, 2000), st.integers(0, 2000), st.floats(1e-6, 0.5))
def test_the_interval_holds_what_was_seen_and_lies_between_0_and_1(events: int, others: int, alpha: float) -> None:
    found = rate_of(Arm(events, events + others), alpha)
    rate = events / (events + others) if events + others else 0.5
    assert 0 <= found.low <= rate <= found.high <= 1


@given(st.integers(0, 500), st.integers(1, 500), st.floats(0.001, 0.2))
def test_a_smaller_alpha_and_fewer_samples_make_it_wider(events: int, others: int, alpha: float) -> None:
    arm = Arm(events, events + others)
    found, surer = rate_of(arm, alpha), rate_of(arm, alpha / 10)
    more = rate_of(Arm(events * 10, arm.total * 10), alpha)
    assert surer.low <= found.low
    assert found.high <= surer.high
    assert more.high - more.low <= found.high - found.low + 1e-9


def test_none_of_none_says_nothing_and_none_of_many_says_much() -> None:
    assert rate_of(Arm(0, 0), 0.05) == pytest.approx(rate_of(Arm(0, 0), 0.05))
    assert (rate_of(Arm(0, 0), 0.05).low, rate_of(Arm(0, 0), 0.05).high) == (0, 1)
    many = rate_of(Arm(0, 10_000), 0.05)
    assert many.low == 0
    assert 0 < many.high < 0.002


def test_a_ratio_has_no_upper_end_while_the_old_arm_s_rate_may_be_nothing() -> None:
    found = compared(Arm(50, 100), Arm(0, 1000), Measure.RATIO, 0.05)
    assert found.low > 20
    assert found.high == float("inf")
    assert compared(Arm(0, 10), Arm(0, 10), Measure.RATIO, 0.05).low == 0


def test_more_events_than_samples_as_extrapolation_gives_are_all_of_them() -> None:
    assert rate_of(Arm(10.4, 10.0), 0.05) == rate_of(Arm(10, 10), 0.05)
    assert rate_of(Arm(-0.2, 10.0), 0.05) == rate_of(Arm(0, 10), 0.05)
