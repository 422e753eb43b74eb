"""Schedules by the rules of the parser of Kubernetes: what is taken here is taken there, and comes round."""

import pytest

from components.text.cron import refusal

GOOD = (
    *("15 2 * * *", "*/5 * * * *", "0 0 29 2 *", "0 0 31 1,2 *", "0 0 31 2 mon", "0 0 * * sun", "0 0 * * MON-FRI"),
    *("5/15 * * * *", "0,30 8-18/2 1-7 jan-mar 1", "0 0 ? * ?", "05 02 * * *"),
)
BAD = {
    "60 * * * *": "has '60' for the minute",
    "* 24 * * *": "has '24' for the hour",
    "* * 0 * *": "has '0' for the day of the month",
    "* * 32 * *": "has '32' for the day of the month",
    "* * * 13 *": "has '13' for the month",
    "* * * * 7": "has '7' for the day of the week",  # Sunday elsewhere, and refused by Kubernetes
    "* * * * sunday": "has 'sunday' for the day of the week",
    "* * * * 5-1": "it ends before it begins",
    "*/0 * * * *": "a step must be a whole number above zero",
    "*/-1 * * * *": "a step must be a whole number above zero",
    "1-2-3 * * * *": "has '1-2-3' for the minute",
    "1, * * * *": "has '' for the minute",
    "-5 * * * *": "has '-5' for the minute",
    "x * * * *": "has 'x' for the minute",
    "* * * *": "must have 5 fields; it has 4",
    "* * * * * *": "must have 5 fields; it has 6",
    "@daily": "must have 5 fields; it has 1",
    "TZ=UTC 0 0 * * *": "must have 5 fields; it has 6",
    "": "must have 5 fields; it has 0",
    "0 0 30 2 *": "never comes",
    "0 0 31 4,6 *": "never comes",
}


@pytest.mark.parametrize("schedule", GOOD)
def test_a_schedule_is_taken(schedule: str) -> None:
    assert refusal(schedule) is None
    assert refusal(f"0 {schedule}", with_seconds=True) is None


@pytest.mark.parametrize(("schedule", "said"), BAD.items())
def test_what_is_none_is_refused_with_the_field(schedule: str, said: str) -> None:
    assert said in (refusal(schedule) or "")


def test_seconds_are_a_field_of_their_own() -> None:
    assert refusal("60 0 0 * * *", with_seconds=True) is not None
    assert "must have 6 fields" in (refusal("0 0 * * *", with_seconds=True) or "")
