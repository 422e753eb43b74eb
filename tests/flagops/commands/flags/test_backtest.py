"""`ff flags rollout test`: what guards would have done over the past, of a Prometheus that has one."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from components.rollouts.in_pod.declared import Guard
from components.rollouts.in_pod.judge import Series, Span
from components.rollouts.in_pod.prometheus import AwayError, Prometheus, QueryError
from flagops.commands.flags.rollout.backtest.backtest import MOST_POINTS, STEP, backtest
from flagops.errors import AnswerError, UnreachableError
from tests.commands import EVERY
from tests.flagops.commands.flags.support import Run
from tests.flagops.commands.flags.test_steps import CATALOGUE

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
GUARD = Guard("errors", "ratio", at_most=0.01, holds=5 * STEP)


class Past(Prometheus):
    """A Prometheus whose values are a function of how many minutes ago they were."""

    def __new__(cls, *_: object) -> "Past":
        return super().__new__(cls)

    def __init__(self, values: Callable[[int], float | None]) -> None:
        super().__init__("http://prometheus")
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "spans", [])

    def over(self, query: str, span: Span) -> list[Series]:
        """Whatever is asked."""
        assert query
        found: list[tuple[float, float]] = []
        spans: list[Span] = vars(self)["spans"]
        spans.append(span)
        moment = span.begins
        while moment <= span.ends:
            value = vars(self)["values"]((NOW - moment) // STEP)
            found += [] if value is None else [(moment.timestamp(), value)]
            moment += span.step
        return [Series({}, found)] if found else []


def test_a_quiet_past_has_no_alarm_and_says_which_bound_would_have_done() -> None:
    found = backtest(Past(lambda ago: 0.002 if ago % 2 else 0.008), GUARD, timedelta(hours=6), "1h", NOW)
    assert (found.looks, found.alarms, found.out, found.silent) == (361, [], 0, 0)
    assert (found.lowest, found.highest) == (0.002, 0.008)
    # Every second value is low: six in a row are never all above it.
    assert (found.at_most, found.at_least) == (0.002, None)


def test_an_hour_of_errors_is_one_alarm_and_a_short_one_is_none() -> None:
    def values(ago: int) -> float:
        return 0.05 if 100 <= ago < 160 or 200 <= ago < 204 else 0.001

    found = backtest(Past(values), GUARD, timedelta(hours=6), "1h", NOW)
    (alarm,) = found.alarms
    assert alarm == ((NOW - 154 * STEP).isoformat(), (NOW - 100 * STEP).isoformat())
    assert found.out == 64
    assert found.at_most == 0.05


def test_a_gap_and_nan_are_no_data() -> None:
    found = backtest(
        Past(lambda ago: None if 30 <= ago < 60 else float("nan") if ago < 5 else 0.0),
        GUARD,
        timedelta(hours=2),
        "1h",
        NOW,
    )
    assert (found.silent, found.longest_silence) == (35, 1800)
    assert found.alarms == []
    nothing = backtest(Past(lambda _: None), GUARD, timedelta(hours=2), "1h", NOW)
    assert (nothing.silent, nothing.lowest, nothing.at_most) == (121, None, None)


def test_weeks_are_asked_in_parts_that_prometheus_takes_and_nothing_is_asked_twice() -> None:
    past = Past(lambda _: 0.0)
    found = backtest(past, GUARD, timedelta(days=14), "1h", NOW)
    spans: list[Span] = vars(past)["spans"]
    assert found.looks == 14 * 24 * 60 + 1
    assert found.silent == 0
    assert all((span.ends - span.begins) / STEP <= MOST_POINTS for span in spans)
    assert [one.ends + STEP for one in spans[:-1]] == [other.begins for other in spans[1:]]


class Failing(Prometheus):
    """One that fails."""

    def over(self, query: str, span: Span) -> list[Series]:
        assert span
        raise AwayError("answers 503") if "away" in query else QueryError("parse error")


@pytest.mark.parametrize(("query", "kind"), [("away", UnreachableError), ("sum(", AnswerError)])
def test_a_prometheus_that_is_away_and_a_query_that_is_wrong_are_errors(query: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        backtest(Failing("http://x"), Guard("e", query, at_most=1), timedelta(hours=1), "1h", NOW)


def test_the_command_shows_it(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(CATALOGUE, encoding="utf-8")
    asked: list[str] = []

    def over(_: Any, query: str, span: Span) -> list[Series]:
        asked.append(query)
        points = int((span.ends - span.begins) / span.step) + 1
        return [Series({}, [((span.begins + span.step * number).timestamp(), 0.5) for number in range(points)])]

    monkeypatch.setattr(Prometheus, "over", over)
    words = (
        "flags",
        "rollout",
        "test",
        "banner",
        "--since",
        "1h",
        "--prometheus",
        "http://x",
        "--catalogue",
        str(path),
    )
    done = run(*words, "--json")
    assert done.exit_code == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert (row["guard"], len(row["alarms"]), row["looks"]) == ("errors", 1, 61)
    assert asked == ['sum(rate(failed{flag="banner"}[1h]))']
    shown = run(*words)
    assert "errors" in shown.stdout
    assert "alarm from" in shown.stdout
    for refused, said in (
        ((*words[:-4], "--catalogue", str(path)), "Which Prometheus?"),
        ((*words[:3], "other", *words[4:]), "other has no rollout"),
    ):
        result = run(*refused)
        assert (result.exit_code, said in result.stderr) == (1, True)
    assert "flags rollout test" in EVERY
