"""What a guard says of series: good, out of bounds, broken, warming up, silent."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf, isfinite, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.rollouts.in_pod.declared import Comparison, Guard, Measure
from components.rollouts.in_pod.judge import (
    CURRENT_SECONDS,
    LOOKS_BACK,
    POINTS,
    Series,
    judge,
    judge_arms,
    shortest,
    span_of,
)
from components.rollouts.in_pod.states import Verdict

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
SINCE = NOW - timedelta(hours=2)
MINUTE = timedelta(minutes=1)
GUARD = Guard("errors", "rate", at_most=0.01, holds=5 * MINUTE, warm_up=10 * MINUTE)


def series(*values: float, ends: datetime = NOW, step: timedelta = MINUTE) -> list[Series]:
    """One series whose last value is at `ends`."""
    begins = ends - step * (len(values) - 1)
    return [Series({}, [((begins + step * number).timestamp(), value) for number, value in enumerate(values)])]


@pytest.mark.parametrize(
    ("found", "verdict", "why"),
    [
        (series(0.001), Verdict.GOOD, "is 0.001, allowed are at most 0.01"),
        (series(0.01), Verdict.GOOD, "is 0.01"),
        (series(0.001, 0.02), Verdict.OUT, "is 0.02, allowed are at most 0.01, since 2026-12-01 12:00 UTC"),
        (series(*[0.02] * 5), Verdict.OUT, "since 2026-12-01 11:56 UTC"),
        (series(*[0.02] * 6), Verdict.BROKEN, "since 2026-12-01 11:55 UTC"),
        (series(*[0.02] * 3, 0.01, *[0.02] * 3), Verdict.OUT, "since 2026-12-01 11:58 UTC"),
        (series(*[0.02] * 3, nan, *[0.02] * 3), Verdict.BROKEN, "since 2026-12-01 11:54 UTC"),
        (series(*[inf] * 6), Verdict.SILENT, "is infinite, as 1/0 is"),
        (series(*[-inf] * 6), Verdict.SILENT, "is infinite"),
        (series(0.001, ends=NOW + 3 * MINUTE), Verdict.SILENT, "has no data any more"),
        ([], Verdict.SILENT, "has no data"),
        ([Series({}, [])], Verdict.SILENT, "has no data"),
        (series(0.001, nan), Verdict.SILENT, "has no number (NaN), as 0/0 is"),
        (series(0.02, ends=NOW - 3 * MINUTE), Verdict.SILENT, "has no data any more"),
        (series(0.001) + series(0.002), Verdict.SILENT, "answers with 2 series"),
    ],
)
def test_a_guard_with_one_number(found: list[Series], verdict: Verdict, why: str) -> None:
    said = judge(GUARD, found, [], SINCE, NOW)
    assert said.verdict is verdict
    assert why in said.why


def test_silence_says_since_when() -> None:
    assert judge(GUARD, series(0.02, ends=NOW - 3 * MINUTE), [], SINCE, NOW).since == NOW - 3 * MINUTE
    assert judge(GUARD, series(0.001, nan, nan), [], SINCE, NOW).since == NOW - 2 * MINUTE
    assert judge(GUARD, [], [], SINCE, NOW).since is None


def test_a_bound_below_and_a_guard_that_holds_for_no_time() -> None:
    guard = Guard("traffic", "rate", at_least=5, at_most=10)
    assert judge(guard, series(5), [], SINCE, NOW).verdict is Verdict.GOOD
    assert judge(guard, series(4.9), [], SINCE, NOW).verdict is Verdict.BROKEN
    assert judge(guard, series(10.1), [], SINCE, NOW).why.startswith("is 10.1, allowed are at least 5 and at most 10")


def test_a_warm_up_and_too_few_samples_are_neither_good_nor_bad() -> None:
    young = NOW - 9 * MINUTE
    assert judge(GUARD, series(*[0.5] * 9), [], young, NOW).verdict is Verdict.WARMING
    counted = replace(GUARD, samples="count", least=100)
    few = judge(counted, series(*[0.5] * 9), series(99), SINCE, NOW)
    assert (few.verdict, few.why, few.value) == (Verdict.WARMING, "has 99 samples of 100", 0.5)
    assert judge(counted, series(*[0.5] * 9), series(100), SINCE, NOW).verdict is Verdict.BROKEN
    assert judge(counted, series(0.001), [], SINCE, NOW).verdict is Verdict.SILENT
    for samples in ([], [Series({}, [])], series(nan), series(inf), series(500) * 2, series(500, ends=NOW - MINUTE)):
        said = judge(counted, series(0.001), samples, SINCE, NOW)
        assert (said.verdict, said.why) == (Verdict.SILENT, "its number of samples is not there")


def test_it_is_asked_about_the_time_after_the_warm_up_and_its_last_point_is_now() -> None:
    for since in (SINCE, NOW - 11 * MINUTE, NOW - 10 * MINUTE, NOW - MINUTE, NOW + MINUTE):
        span = span_of(GUARD, since, NOW)
        assert span.ends == NOW
        assert (NOW - span.begins) % span.step == timedelta()
        assert span.begins >= min(NOW, since + GUARD.warm_up)


lengths = st.one_of(st.integers(0, 2 * 24 * 3600), st.integers(0, 365 * 24 * 3600)).map(
    lambda seconds: timedelta(seconds=seconds)
)


def asked(guard: Guard, since: datetime, now: datetime, is_out: Callable[[datetime], bool]) -> Verdict:
    """What a guard says of a value that is out of bounds at these times."""
    span = span_of(guard, since, now)
    moments = [span.begins + span.step * number for number in range((now - span.begins) // span.step + 1)]
    assert moments[-1] == now
    assert len(moments) <= POINTS + 2
    points = [(moment.timestamp(), 0.02 if is_out(moment) else 0.001) for moment in moments]
    return judge(guard, [Series({}, points)], [], since, now).verdict


@given(holds=lengths, warm_up=lengths, warn_after=lengths, window=st.booleans(), more=st.integers(0, 10**7))
def test_a_guard_that_is_out_of_bounds_for_its_whole_time_is_broken_however_long_that_is(
    holds: timedelta, warm_up: timedelta, warn_after: timedelta, *, window: bool, more: int
) -> None:
    query = "errors[$window]" if window else "rate"
    guard = Guard("errors", query, at_most=0.01, holds=holds, warm_up=warm_up, warn_after=warn_after)
    out = shortest(guard) + timedelta(seconds=more)
    assert shortest(guard) <= holds + holds / 100 + MINUTE
    assert asked(guard, NOW - warm_up - out, NOW, lambda _: True) is Verdict.BROKEN
    early = NOW - warm_up - holds + timedelta(seconds=CURRENT_SECONDS + 1)
    assert asked(guard, early, NOW, lambda _: True) in (Verdict.OUT, Verdict.WARMING) or holds <= MINUTE


@given(holds=lengths, ended=st.integers(0, int(LOOKS_BACK.total_seconds())), begun=lengths)
def test_a_breach_between_two_looks_is_seen_at_the_next_one(holds: timedelta, ended: int, begun: timedelta) -> None:
    guard = replace(GUARD, holds=holds, warm_up=timedelta())
    ends = NOW - timedelta(seconds=ended)
    begins = ends - shortest(guard) - begun
    assert asked(guard, begins, NOW, lambda moment: begins <= moment <= ends) is Verdict.BROKEN
    shorter = ends - holds + timedelta(seconds=CURRENT_SECONDS + 1)
    if shorter < ends:
        said = asked(guard, begins, NOW, lambda moment: shorter <= moment <= ends)
        assert said in (Verdict.GOOD, Verdict.OUT)


def test_a_breach_that_is_over_says_from_when_to_when_and_of_before_the_share_nothing_is_known() -> None:
    said = judge(GUARD, series(*[0.02] * 6, 0.001, 0.001), [], SINCE, NOW)
    assert said.why == "was 0.02, allowed are at most 0.01, from 2026-12-01 11:53 UTC to 2026-12-01 11:58 UTC"
    assert (said.verdict, said.value) == (Verdict.BROKEN, 0.001)
    assert judge(GUARD, series(*[0.02] * 6, nan), [], SINCE, NOW).verdict is Verdict.BROKEN
    counted = replace(GUARD, samples="count", least=100)
    assert judge(counted, series(*[0.02] * 6, 0.001), series(99), SINCE, NOW).verdict is Verdict.WARMING
    summed = replace(GUARD, query="increase(errors[$window])")
    assert span_of(summed, SINCE, NOW).begins > NOW - GUARD.holds - MINUTE


ARMS = Comparison(Measure.DIFFERENCE, "errors", "requests", "variant", "on", "off")
COMPARED = Guard("errors", at_most=0.01, warm_up=10 * MINUTE, least=100, comparison=ARMS)


def arms(new: float | None, old: float | None, *, label: str = "variant", at: datetime = NOW) -> list[Series]:
    given = {"on": new, "off": old, "other": 5.0}
    return [Series({label: arm}, [(at.timestamp(), n)]) for arm, n in given.items() if n is not None]


@pytest.mark.parametrize(
    ("events", "total", "share", "verdict", "why"),
    [
        (arms(2, 20), arms(1000, 9000), 10, Verdict.GOOD, "2 of 1000 against 20 of 9000: difference"),
        (arms(90, 20), arms(1000, 9000), 10, Verdict.BROKEN, "90 of 1000 against 20 of 9000"),
        (arms(0, 0), arms(1000, 9000), 10, Verdict.GOOD, "0 of 1000 against 0 of 9000"),
        ([], arms(1000, 9000), 10, Verdict.SILENT, "with variant='on': it has no data. A counter without"),
        (arms(None, 20), arms(1000, 9000), 10, Verdict.SILENT, "end `events` with `or 0 * (TOTAL)`"),
        (arms(2, None), arms(1000, 9000), 10, Verdict.SILENT, "has no events with variant='off'"),
        (arms(2, 20, label="arm"), arms(1000, 9000), 10, Verdict.SILENT, "has no events with variant='on'"),
        (arms(2, 20) * 2, arms(1000, 9000), 10, Verdict.SILENT, "answers with 2 series for it, use sum by (variant)"),
        (arms(nan, 20), arms(1000, 9000), 10, Verdict.SILENT, "with variant='on': it has no number (NaN)"),
        (arms(2, inf), arms(1000, 9000), 10, Verdict.SILENT, "has no events with variant='off'"),
        (arms(2, 20, at=NOW - MINUTE), arms(1000, 9000), 10, Verdict.SILENT, "its number is of another time"),
        (arms(2, 20), arms(1000, 9000, at=NOW - MINUTE), 10, Verdict.SILENT, "its number is of another time"),
        (arms(-2, 20), arms(1000, 9000), 10, Verdict.SILENT, "it is -2, which is no count"),
        (arms(-0.2, 20), arms(1000, 9000), 10, Verdict.GOOD, "0 of 1000"),
        (arms(2, 20), arms(1e300, 9000), 10, Verdict.SILENT, "it is 1e+300, which is no count"),
        (arms(2, 20), arms(-1000, 9000), 10, Verdict.SILENT, "it is -1000, which is no count"),
        (arms(2000, 20000), arms(1000, 9000), 10, Verdict.SILENT, "more events than samples"),
        (arms(2000, 20), arms(1000, 9000), 10, Verdict.BROKEN, "2000 of 1000 against 20 of 9000"),
        (arms(1050, 9400), arms(1000, 9000), 10, Verdict.GOOD, "1050 of 1000"),
        (arms(9, 2), arms(99, 900), 10, Verdict.WARMING, "each arm needs 100"),
        (arms(9, 2), arms(None, 900), 10, Verdict.SILENT, "has no samples with variant='on'"),
        (arms(9, 2), arms(nan, 900), 10, Verdict.SILENT, "has no samples with variant='on'"),
        (arms(9, 2), arms(900, 900) * 2, 10, Verdict.SILENT, "has no samples"),
        (arms(9, None), arms(900, None), 100, Verdict.GOOD, "has nobody left to compare with"),
    ],
)
def test_two_arms(events: list[Series], total: list[Series], share: float, verdict: Verdict, why: str) -> None:
    said = judge_arms(COMPARED, events, total, share, SINCE, NOW)
    assert said.verdict is verdict
    assert why in said.why


def test_two_arms_warm_up_and_can_be_compared_by_their_ratio() -> None:
    assert judge_arms(COMPARED, [], [], 10, NOW - MINUTE, NOW).verdict is Verdict.WARMING
    ratio = replace(COMPARED, at_most=2, comparison=replace(ARMS, measure=Measure.RATIO))
    assert judge_arms(ratio, arms(90, 20), arms(1000, 9000), 10, SINCE, NOW).verdict is Verdict.BROKEN
    assert judge_arms(ratio, arms(2, 20), arms(1000, 9000), 10, SINCE, NOW).verdict is Verdict.GOOD
    fewer = replace(COMPARED, at_most=None, at_least=-0.01)
    assert judge_arms(fewer, arms(700, 9000), arms(1000, 9500), 10, SINCE, NOW).verdict is Verdict.BROKEN


COUNTS = st.one_of(st.none(), st.sampled_from([nan, inf, -inf, -1.0, 1e308, 5e-324]), st.floats(0, 1e6))
"""What an arm may be said to have; None for nothing."""


@given(COUNTS, COUNTS, COUNTS, COUNTS, st.sampled_from(list(Measure)))
def test_it_is_good_only_with_a_count_of_each_arm_and_never_ends_in_an_error(
    new: float | None, old: float | None, of_new: float | None, of_old: float | None, measure: Measure
) -> None:
    guard = replace(COMPARED, comparison=replace(ARMS, measure=measure))
    said = judge_arms(guard, arms(new, old), arms(of_new, of_old), 10, SINCE, NOW)
    assert said.why
    if said.verdict in (Verdict.GOOD, Verdict.BROKEN):
        assert all(count is not None and 0 <= count <= 1e6 for count in (new, old, of_new, of_old))
    if said.verdict is Verdict.GOOD:
        assert (new or 0) <= (of_new or 0) * 1.1 + 1


@given(st.lists(st.one_of(st.sampled_from([nan, inf, -inf]), st.floats()), max_size=8), st.integers(0, 5))
def test_one_number_is_good_only_if_the_last_one_is_there_now_and_within_bounds(values: list[float], late: int) -> None:
    said = judge(GUARD, series(*values, ends=NOW - late * MINUTE) if values else [], [], SINCE, NOW)
    is_there = bool(values) and isfinite(values[-1]) and not late
    if said.verdict is not Verdict.BROKEN:  # by what was before the last one
        assert (said.verdict is Verdict.GOOD) == (is_there and values[-1] <= 0.01)
        assert (said.verdict is Verdict.SILENT) == (not is_there)
