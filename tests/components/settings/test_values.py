"""What is accepted, in which forms, and what it resolves to."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from components.settings import Settings, parse, warnings
from components.settings.releases import TASKS
from tests.components.settings.support import VALID, refusal, settings

EXTERNAL = {"mode": "external", "existingSecret": "db"}


def test_a_host_a_context_and_an_issuer_are_enough() -> None:
    found = settings()

    assert found.url == "https://flags.example.com"
    assert found.admin_email == "admin@flags.example.com"
    assert found.smtp_sender == "flagsmith@flags.example.com"
    assert found.resolved_cluster_identifier == "feature-flags"
    assert found.namespace.name == "feature-flags"
    assert found.tls_secret_name == "flagsmith-tls"
    assert found.admin.environments == ("development", "staging", "production")
    assert list(warnings(found)) == []


def test_maps_and_lists_may_come_as_json_as_pulumi_hands_them_over() -> None:
    values = {
        "postgres": {"mode": "external", "existingSecret": "db", "sslmode": "require"},
        "imagePullSecrets": ["registry"],
        "env": {"A": "1"},
        "replicas": 4,
        "protect": True,
    }
    as_text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}

    assert settings(**as_text) == settings(**values)


@pytest.mark.parametrize(
    ("values", "same"),
    [
        ({"replicas": "3"}, {"replicas": 3}),
        ({"replicas": 3.0}, {"replicas": 3}),
        ({"protect": "true"}, {"protect": True}),
        ({"protect": "False"}, {"protect": False}),
        ({"context": 12}, {"context": "12"}),
        ({"env": {"A": 1}}, {"env": {"A": "1"}}),
        ({"env": {"A": True}}, {"env": {"A": "true"}}),
        ({"postgres": {"version": 17}}, {"postgres": {"version": "17"}}),
        ({"gunicorn": {"timeout": "60"}}, {"gunicorn": {"timeout": 60}}),
        ({"postgres": {"storage": {"size": "1024Mi"}}}, {"postgres": {"storage": {"size": "1Gi"}}}),
    ],
    ids=str,
)
def test_numbers_and_truths_may_be_in_quotes_and_quantities_in_any_form(
    values: dict[str, Any], same: dict[str, Any]
) -> None:
    assert settings(**values) == settings(**same)


def test_an_empty_value_of_a_variable_is_a_value() -> None:
    assert settings(env={"A": ""}).env == {"A": ""}


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        settings().replicas = 5  # type: ignore[misc]


def test_parse_does_not_change_what_it_is_given() -> None:
    values: dict[str, object] = {**VALID, "postgres": '{"mode": "embedded"}'}

    parse(values)

    assert values["postgres"] == '{"mode": "embedded"}'


@pytest.mark.parametrize(
    ("values", "image"),
    [
        ({}, "flagsmith/flagsmith:2.265.0"),
        ({"version": "2.200.1"}, "flagsmith/flagsmith:2.200.1"),
        ({"image": "flagsmith/flagsmith:2.265.0"}, "flagsmith/flagsmith:2.265.0"),
        ({"registryMirror": "m.io/hub"}, "m.io/hub/flagsmith/flagsmith:2.265.0"),
        ({"registryMirror": "m.io", "image": "r.io/ff"}, "r.io/ff:2.265.0"),
        ({"image": "localhost:5000/ff"}, "localhost:5000/ff:2.265.0"),
        (
            {"image": f"r.io/ff:2.265.0@sha256:{'a' * 64}", "registryMirror": "m.io"},
            f"r.io/ff:2.265.0@sha256:{'a' * 64}",
        ),
    ],
    ids=str,
)
def test_the_image_has_its_version_its_digest_and_the_mirror(values: dict[str, Any], image: str) -> None:
    assert settings(**values).image_reference == image


def test_official_images_have_their_full_name_on_a_mirror() -> None:
    found = settings(registryMirror="m.io:5000/hub")

    assert found.postgres_image == "m.io:5000/hub/library/postgres:17.11-bookworm"
    assert found.redis_image == "m.io:5000/hub/library/redis:8.2.9-bookworm"


def test_external_postgres_requires_tls_unless_told_otherwise() -> None:
    assert settings(postgres=EXTERNAL).postgres.resolved_sslmode == "require"
    assert settings().postgres.resolved_sslmode is None
    assert settings(postgres=EXTERNAL).postgres_parameters == {}


def test_a_ca_is_taken_with_full_verification() -> None:
    found = settings(
        postgres={**EXTERNAL, "sslmode": "verify-full", "caSecret": {"name": "ca"}},
        redis={**EXTERNAL, "tls": "true", "caSecret": {"name": "ca", "key": "root.pem"}},
    )

    assert found.postgres.ca_secret is not None
    assert found.postgres.ca_secret.key == "ca.crt"
    assert found.redis.ca_secret is not None
    assert found.redis.ca_secret.key == "root.pem"


@pytest.mark.parametrize(
    ("redis", "expected"),
    [
        ({}, 192 * 1024**2),
        ({"maxMemory": "100mb"}, 100 * 1024**2),
        ({"maxMemory": "100Mi"}, 100 * 1024**2),
        (
            {"resources": {"requests": {"cpu": 1, "memory": "1Gi"}, "limits": {"cpu": 1, "memory": "1Gi"}}},
            768 * 1024**2,
        ),
    ],
    ids=str,
)
def test_redis_gets_three_quarters_of_its_container_unless_told_otherwise(redis: dict[str, Any], expected: int) -> None:
    assert settings(redis=redis).redis_max_memory == str(expected)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"version": "2.266.0"}, "newer than 2.265.0"),
        ({"redis": {"mode": "none"}}, "caches for itself"),
        ({"postgres": {**EXTERNAL, "sslmode": "prefer"}}, "unencrypted"),
        ({"replicas": 1}, "stops the service"),
    ],
    ids=str,
)
def test_what_is_allowed_but_risky_is_warned_about(values: dict[str, Any], word: str) -> None:
    (warning,) = warnings(settings(**values))

    assert word in warning


def test_the_table_of_releases_tells_what_the_probes_ask() -> None:
    newest, oldest = settings().release, settings(version="2.170.0").release

    assert (newest.liveness_path, newest.readiness_path) == ("/health/liveness/", "/health/readiness/")
    assert newest.metrics_port
    assert not oldest.metrics_port
    assert newest.task_processor == ("start", *TASKS, "task-processor")


def test_a_release_that_cannot_start_is_refused_for_that_alone_without_redis() -> None:
    (line,) = refusal(version="2.77.0", redis={"mode": "none"})

    assert "start task-processor" in line
    assert "django-redis" not in line


def test_every_property_of_the_settings_resolves() -> None:
    gateway = {"enabled": True, "className": "any", "tls": {"from": "secret", "secretName": "tls"}}
    found = settings(monitoring={"enabled": True}, edge={"enabled": True}, gateway=gateway)
    names = [name for name, value in vars(Settings).items() if isinstance(value, property)]

    assert {name for name in names if getattr(found, name) is None} == set()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("flags.example.com:8080", "must be http:// or https://"),
        ("ftp://flags.example.com", "must be http:// or https://"),
        ("http://flags.example.com/flags", "no path"),
        ("http://me@flags.example.com", "a URL with a key before its host"),
        ("http://me:secret@flags.example.com", "a URL with a password"),
        ("http://flags.example.com:0", "must be http:// or https://"),
        ("http://flags.example.com:port", "must be http:// or https://"),
        ("http://other.example.com:8080", "must have the host flags.example.com"),
    ],
)
def test_a_stated_address_is_one_of_the_host(url: str, why: str) -> None:
    (line,) = refusal(publicUrl=url)
    assert why in line


def test_a_stated_address_is_the_address() -> None:
    found = settings(publicUrl="http://flags.example.com:8080")
    assert found.url == "http://flags.example.com:8080"
    assert any("publicUrl is http://" in text for text in warnings(found))


@pytest.mark.parametrize("port", [80, 29999, 32768])
def test_a_port_of_the_nodes_is_one_of_kubernetes(port: int) -> None:
    (line,) = refusal(service={"nodePort": port})
    assert "service.nodePort" in line
