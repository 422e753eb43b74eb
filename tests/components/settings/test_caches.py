"""How long caches keep what they hold: never so long that a change is late, unless the operator says so."""

from typing import Any

import pytest

from components.settings import warnings
from components.settings.sections.caches import MOST_ADDED_SECONDS, OPERATIONS, PROMISED_SECONDS
from tests.components.settings.support import refusal, settings


def test_by_default_a_change_shows_in_time_with_a_second_to_spare_even_where_caches_stack() -> None:
    caches = settings().caches

    assert max(caches.worst_cases().values()) < PROMISED_SECONDS
    assert caches.flags + caches.environment < PROMISED_SECONDS
    assert caches.identities + max(caches.environment, caches.environment_segments) < PROMISED_SECONDS
    assert caches.environment_document < caches.environment
    assert OPERATIONS * caches.socket_timeout < MOST_ADDED_SECONDS


@pytest.mark.parametrize(
    ("caches", "seconds"),
    [
        ({"flags": 6}, "11 s (flags 6 + environment 5)"),
        ({"identities": 9}, "14 s (identities 9 + environment or environmentSegments 5)"),
        ({"environmentSegments": 60}, "64 s (identities 4 + environment or environmentSegments 60)"),
        ({"environmentDocument": 3600}, "3600 s (the longer of environment 5 and environmentDocument 3600)"),
    ],
    ids=str,
)
def test_a_longer_time_is_warned_about_with_its_sum(caches: dict[str, Any], seconds: str) -> None:
    (warning,) = warnings(settings(caches=caches))

    assert seconds in warning
    assert "more than 10 s" in warning


@pytest.mark.parametrize("value", [0, 3601, "-1", 1.5, True, "soon"])
@pytest.mark.parametrize("key", ["flags", "identities", "environment", "environmentDocument", "environmentSegments"])
def test_each_time_has_bounds(key: str, value: object) -> None:
    (line,) = refusal(caches={key: value})

    assert line.startswith(f"feature-flags:caches.{key} = ")


@pytest.mark.parametrize(("value", "expected"), [(0.1, 0.1), ("0.05", 0.05), ("0.12", 0.12), (0.02, 0.02)])
def test_the_timeout_is_a_number_also_as_text(value: object, expected: float) -> None:
    assert settings(caches={"socketTimeout": value}).caches.socket_timeout == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (0.34, "so at most 0.33"),
        ("1", "in all 3 operations"),
        (0, "at least 0.02"),
        ("0.001", "at least 0.02"),
        (float("nan"), "a number such as 0.1"),
        (float("inf"), "a number such as 0.1"),
        ("1e-1", "a number such as 0.1"),
        (True, "a number such as 0.1"),
    ],
)
def test_a_timeout_that_would_take_flagsmith_down_or_go_off_too_early_is_refused(value: object, reason: str) -> None:
    (line,) = refusal(caches={"socketTimeout": value})

    assert line.startswith("feature-flags:caches.socketTimeout = ")
    assert reason in line


def test_without_redis_there_is_only_what_each_process_keeps() -> None:
    caches = {"environment": 3, "environmentSegments": 4}
    assert settings(redis={"mode": "none"}, caches=caches).caches.environment == 3

    lines = refusal(redis={"mode": "none"}, caches={"flags": 3, "socketTimeout": 0.1})

    assert [line.split(" = ")[0] for line in lines] == [
        "feature-flags:caches.flags",
        "feature-flags:caches.socketTimeout",
    ]
    assert all("belongs to redis.mode embedded or external, and redis.mode is none" in line for line in lines)


@pytest.mark.parametrize(
    ("variable", "key"),
    [("GET_FLAGS_ENDPOINT_CACHE_SECONDS", "caches.flags"), ("ENVIRONMENT_CACHE_SECONDS", "caches.environment")],
)
def test_the_variable_of_a_cache_is_refused_naming_the_setting(variable: str, key: str) -> None:
    (line,) = refusal(env={variable: "60"})

    assert f"use {key} in its place" in line


@pytest.mark.parametrize("variable", ["CACHE_FLAGS_SECONDS", "CACHE_PROJECT_SEGMENTS_SECONDS"])
def test_a_cache_that_would_come_on_top_is_refused(variable: str) -> None:
    assert "cannot be changed" in refusal(env={variable: "60"})[0]
