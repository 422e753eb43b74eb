"""A stack of production without what it needs is refused by its settings, whatever runs it."""

from typing import Any

import pytest

from components.settings import warnings
from tests.components.settings.support import refusal, settings

PRODUCTION: dict[str, Any] = {"production": True, "protect": True}


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"replicas": 2}, "feature-flags:replicas = 2: must be at least 3 when production is true"),
        (
            {"autoscaling": {"enabled": True, "minReplicas": 2}},
            "feature-flags:autoscaling.minReplicas = 2: must be at least 3 when production is true",
        ),
        (
            {"ingress": {"className": "traefik", "tls": {"enabled": False}}},
            "feature-flags:ingress.tls.enabled = false: must not mean plain HTTP when production is true",
        ),
        (
            {"ingress": {"defaultClass": True, "tls": {"from": "none"}}},
            'feature-flags:ingress.tls.from = "none": must not mean plain HTTP when production is true',
        ),
        (
            {"ingress": {"enabled": False, "tls": {"from": "none"}}},
            'feature-flags:ingress.tls.from = "none": must not mean plain HTTP when production is true',
        ),
        ({"protect": False}, "feature-flags:protect = false: must be true when production is true"),
    ],
)
def test_production_needs_it(values: dict[str, Any], line: str) -> None:
    (found,) = refusal(**{**PRODUCTION, **values})
    assert found.startswith(line)
    settings(**{**PRODUCTION, **values, "production": False})


def test_protection_that_is_left_out_is_missing_too() -> None:
    (found,) = refusal(production=True)
    assert found.startswith("feature-flags:protect = false: must be true")


@pytest.mark.parametrize("size", ["local", "small", "medium", "large", "xlarge"])
@pytest.mark.parametrize("autoscaling", [False, True])
def test_every_size_has_replicas_enough(size: str, *, autoscaling: bool) -> None:
    values = {**PRODUCTION, "size": size, "autoscaling": {"enabled": autoscaling}}
    assert settings(**values).resolved_replicas >= 3


def test_production_behind_something_else_needs_no_ingress() -> None:
    settings(**PRODUCTION, ingress={"enabled": False})


def test_one_server_of_postgresql_in_production_is_told_what_it_does_not_survive() -> None:
    def said(**values: object) -> list[str]:
        return [text for text in warnings(settings(**values)) if text.startswith("postgres.mode is embedded")]

    production = {"production": True, "protect": True}
    (line,) = said(**production)
    assert "docs/data-tier.md" in line
    assert said() == []
    assert said(**production, postgres={"mode": "external", "existingSecret": "database"}) == []
    isolated = {"ingressNamespace": "traefik", "apiServer": ["10.0.0.1/32"]}
    assert said(**production, postgres={"mode": "cloudnativepg"}, networkPolicy=isolated) == []


def test_backups_in_the_same_cluster_alone_are_told_of_in_production() -> None:
    def said(**values: object) -> list[str]:
        return [text for text in warnings(settings(**values)) if text.startswith("backup.s3 is not set")]

    (line,) = said(**PRODUCTION, backup={"enabled": True})
    assert "the database and its backups are lost" in line
    assert "Set backup.s3" in line
    assert said(backup={"enabled": True}) == []
    assert said(**PRODUCTION, backup={"enabled": True, "s3": {"bucket": "backups", "existingSecret": "s3"}}) == []


@pytest.mark.parametrize(
    ("endpoint", "is_told"),
    [
        ("http://minio.storage.svc:9000", True),
        ("https://minio.storage.svc.cluster.local", True),
        ("http://minio:9000", True),
        ("https://s3.svc-backups.example.com", False),
        ("https://minio.example.com:9000", False),
        (None, False),
    ],
)
def test_a_bucket_of_the_same_cluster_is_no_other_place(endpoint: str | None, is_told: bool) -> None:
    s3 = {"bucket": "backups", "existingSecret": "s3", **({} if endpoint is None else {"endpoint": endpoint})}
    said = warnings(settings(**PRODUCTION, backup={"s3": s3}))
    assert any(text.startswith("backup.s3.endpoint is a Service of the same cluster") for text in said) == is_told
