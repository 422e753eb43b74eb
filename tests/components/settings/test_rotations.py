"""Rotations are of generated secrets alone: the rest is renewed where it comes from."""

from typing import Any

import pytest

from tests.components.settings.support import refusal, settings


def test_nothing_was_renewed_unless_the_settings_say_so() -> None:
    assert set(settings().rotations.model_dump().values()) == {0}
    assert settings(rotations={"redis": "2"}).rotations.redis == 2


@pytest.mark.parametrize(
    ("values", "name", "reason"),
    [
        ({"redis": {"mode": "none"}}, "redis", "redis.mode is none"),
        ({"redis": {"existingSecret": "mine"}}, "redis", "redis.existingSecret names mine"),
        ({"secretKey": {"existingSecret": "mine"}}, "django", "secretKey.existingSecret names mine"),
        ({"secretKey": {"existingSecret": "mine"}}, "warehouse", "secretKey.existingSecret names mine"),
        ({"postgres": {"existingSecret": "mine"}}, "database", "postgres.existingSecret names mine"),
        ({"postgres": {"mode": "external", "existingSecret": "mine"}}, "audit", "postgres.mode is external"),
        ({"audit": {"existingSecret": "mine"}}, "audit", "audit.existingSecret names mine"),
        (
            {"monitoring": {"enabled": True, "flagMetrics": {"existingSecret": "mine"}}},
            "analytics",
            "monitoring.flagMetrics.existingSecret names mine",
        ),
        (
            {"secretStore": {"name": "vault", "secrets": {"admin": {"key": "flagsmith"}}}},
            "admin",
            "secretStore.secrets.admin takes it from a store",
        ),
    ],
    ids=str,
)
def test_a_rotation_of_what_is_not_generated_is_refused(values: dict[str, Any], name: str, reason: str) -> None:
    lines = [line for line in refusal(**values, rotations={name: 1}) if "rotations" in line]
    assert len(lines) == 1
    assert lines[0].startswith(f"feature-flags:rotations.{name} = 1: is not generated, since {reason}")
    assert lines[0].endswith("renew it there, and remove the key")


@pytest.mark.parametrize("value", [-1, "often", 1.5])
def test_a_rotation_is_a_number(value: object) -> None:
    (line,) = refusal(rotations={"redis": value})
    assert line.startswith("feature-flags:rotations.redis = ")
