"""How long Flagsmith keeps what grows by itself: what the pods are told, and what fits on the volume."""

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.settings import analytics, warnings
from components.settings.analytics import KeptDays, analytics_disk
from components.settings.quantities import GI
from components.settings.reserved import reservation
from tests.components.settings.support import refusal, settings
from tests.recording import environment, record, recorded

VARIABLES = {
    "RAW_ANALYTICS_DATA_RETENTION_DAYS": "7",
    "BUCKETED_ANALYTICS_DATA_RETENTION_DAYS": "60",
    "TASK_DELETE_RETENTION_DAYS": "3",
    "RECURRING_TASK_RUN_RETENTION_DAYS": "3",
}
STATED = {"rawAnalyticsDays": 7, "bucketedAnalyticsDays": 60, "taskDays": 3}


def variables(recording: Any, deployment: str) -> dict[str, Any]:
    found = environment(recording.one("Deployment", deployment)["spec"]["template"])
    return {name: value for name, value in found.items() if "RETENTION" in name}


def test_the_task_processor_is_told_and_nobody_else() -> None:
    recording = record("production", {"retention": STATED})
    assert variables(recording, "flagsmith-task-processor") == VARIABLES
    assert variables(recording, "flagsmith") == {}


def test_flagsmith_s_own_days_are_not_said_so_that_no_pod_restarts() -> None:
    assert variables(recorded("production"), "flagsmith-task-processor") == {}


@pytest.mark.parametrize("variable", VARIABLES)
def test_the_variables_are_refused_with_the_setting(variable: str) -> None:
    (line,) = refusal(env={variable: "7"})
    assert re.search(r"use retention\.\w+ in its place", line)


def test_the_clean_up_of_tasks_cannot_be_switched_off() -> None:
    (line,) = refusal(env={"ENABLE_CLEAN_UP_OLD_TASKS": "false"})
    assert "cannot be changed" in line
    assert settings(env={"ENABLE_CLEAN_UP_OLD_TASKS": "true"})
    assert reservation("ENABLE_CLEAN_UP_OLD_TASKS") is not None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"rawAnalyticsDays": 0}, "retention.rawAnalyticsDays"),
        ({"rawAnalyticsDays": "a week"}, "must be a whole number"),
        ({"bucketedAnalyticsDays": 7}, "retention.bucketedAnalyticsDays"),
        ({"taskDays": 4000}, "retention.taskDays"),
        ({"reportedFlags": 0}, "retention.reportedFlags"),
        ({"auditDays": 30}, "retention.auditDays"),
    ],
)
def test_wrong_days_are_one_line(values: dict[str, object], said: str) -> None:
    (line,) = refusal(retention=values)
    assert said in line


def said(**values: object) -> list[str]:
    return [text for text in warnings(settings(**values)) if text.startswith("retention:")]


def test_what_fills_the_volume_is_said_with_what_to_do() -> None:
    (text,) = said(retention={"reportedFlags": 400})
    assert "postgres.storage.size (20Gi)" in text
    assert "retention.rawAnalyticsDays" in text
    assert said(retention={"reportedFlags": 400, "rawAnalyticsDays": 2, "taskDays": 2}) == []
    assert said(retention={"reportedFlags": 400}, postgres={"storage": {"size": "200Gi"}}) == []
    assert said(retention={"reportedFlags": 400}, postgres={"mode": "external", "existingSecret": "db"}) == []


def test_the_defaults_fit_on_the_default_volume_of_every_size_that_it_is_for() -> None:
    assert [said(size=size) for size in ("local", "small", "medium", "large")] == [[]] * 4


def test_the_figure_is_that_of_the_rows() -> None:
    found = analytics_disk(processes=6, flags=50, environments=1, kept=KeptDays(raw=1, bucketed=90, tasks=1))
    assert found.rows_a_day == 6 * 1440 * (50 + 4)
    assert 0.06 < found.raw / GI < 0.07


NUMBERS = st.integers(min_value=1, max_value=10_000)


@given(NUMBERS, NUMBERS, st.integers(1, 50), st.integers(1, 3650), st.sampled_from(range(6)))
def test_more_of_anything_never_takes_less(processes: int, flags: int, places: int, days: int, which: int) -> None:
    numbers = [processes, flags, places, days, days, days]
    more = [number + (index == which) for index, number in enumerate(numbers)]
    found = [
        analytics_disk(
            processes=one[0],
            flags=one[1],
            environments=one[2],
            kept=KeptDays(raw=one[3], bucketed=one[4], tasks=one[5]),
        )
        for one in (numbers, more)
    ]
    assert all(first.total < second.total for first, second in pairwise(found))


def test_the_room_is_a_share_of_a_volume_that_the_stack_has() -> None:
    assert analytics.room(settings()) == int(20 * GI * analytics.SHARE)
    assert analytics.room(settings(postgres={"mode": "external", "existingSecret": "db"})) is None
