"""Flagsmith's environment: one host, no open doors, caches that are really read."""

from typing import Any

import pytest

from components.flagsmith.caches import CACHES
from components.settings.reserved import reservation
from tests.recording import Recording, container, environment, pod_templates, record, recorded


def api_environment(recording: Recording) -> dict[str, Any]:
    return environment(recording.one("Deployment", "flagsmith")["spec"]["template"])


def flagsmith_environments(recording: Recording) -> dict[str, dict[str, Any]]:
    """The environments of the API, the task processor and the Jobs."""
    others = {"Deployment/flagsmith-flag-metrics", "Deployment/flagsmith-redis", "StatefulSet/flagsmith-postgres"}
    pods = [(name, pod) for name, pod in pod_templates(recording) if not name.startswith("CronJob/")]
    jobs = ("Job/flagsmith-roles-", "Job/flagsmith-grants-", "Job/flagsmith-retire-", "Job/flagsmith-volume-")
    found = {name: environment(pod) for name, pod in pods if name not in others and not name.startswith(jobs)}
    assert len(found) == 4
    return found


def test_the_public_host_alone_gives_hosts_origins_and_urls() -> None:
    env = api_environment(record("production", {"host": "flags.example.org"}))
    assert env["DJANGO_ALLOWED_HOSTS"].split(",") == [
        "flags.example.org",
        "flagsmith",
        "flagsmith.feature-flags",
        "flagsmith.feature-flags.svc",
        "flagsmith.feature-flags.svc.cluster.local",
        "localhost",
        "127.0.0.1",
        "$(POD_IP)",
    ]
    assert env["DJANGO_CSRF_TRUSTED_ORIGINS"] == "https://flags.example.org,http://localhost:8000"
    assert env["FLAGSMITH_DOMAIN"] == "flags.example.org"
    assert env["FLAGSMITH_API_URL"] == env["FLAGSMITH_FRONTEND_URL"] == "https://flags.example.org"
    assert env["API_URL"] == "/api/v1/"


def test_a_variable_is_defined_before_another_refers_to_it() -> None:
    for name, env in flagsmith_environments(recorded("production")).items():
        order = list(env)
        for position, value in enumerate(env.values()):
            for referred in ("POD_IP", "REDIS_URL"):
                if isinstance(value, str) and f"$({referred})" in value:
                    assert order.index(referred) < position, (name, order[position])


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALLOW_REGISTRATION_WITHOUT_INVITE", "False"),
        ("RESTRICT_ORG_CREATE_TO_SUPERUSERS", "True"),
        ("ALLOW_ADMIN_INITIATION_VIA_URL", "False"),
        ("ENABLE_TELEMETRY", "False"),
        ("TASK_RUN_METHOD", "TASK_PROCESSOR"),
        ("PROMETHEUS_ENABLED", "true"),
        ("PROMETHEUS_MULTIPROC_DIR", "/tmp/prometheus"),
        ("DJANGO_DB_CONN_HEALTH_CHECKS", "True"),
        ("CACHE_ENVIRONMENT_DOCUMENT_MODE", "EXPIRING"),
    ],
)
def test_api_and_task_processor_have_the_safe_value(variable: str, value: str) -> None:
    for name, env in flagsmith_environments(recorded("production")).items():
        if not name.startswith("Job/"):
            assert env[variable] == value, name


def test_a_job_gets_no_more_than_it_needs_so_that_few_settings_run_it_again() -> None:
    def jobs(overrides: dict[str, object]) -> set[str]:
        # Keys are drawn anew at each record, and new keys are written by a new Job.
        without_keys = {"sdkKeys": {"environments": []}, **overrides}
        names = {job["metadata"]["name"] for job in record("local", without_keys).all("Job")}
        return {name for name in names if name.startswith(("flagsmith-migrate-", "flagsmith-bootstrap-"))}

    before = jobs({})
    assert jobs({"redis": {"mode": "none"}}) == before
    moved = {"host": "other.localhost", "publicUrl": "http://other.localhost:30080"}
    assert jobs({"replicas": 5, **moved, "admin": {"email": "admin@flags.localhost"}}) == before
    assert len(jobs({"env": {"ANALYTICS_DATABASE_URL": "postgresql://analytics"}}) - before) == 2


SHARED = [cache for cache in CACHES.values() if cache.database is not None]


def test_the_vendor_gets_a_report_only_if_the_stack_says_so_also_from_a_migration() -> None:
    for stated, expected in ((False, "False"), (True, "True")):
        found = flagsmith_environments(record("staging", {"telemetry": stated}))
        assert {env["ENABLE_TELEMETRY"] for env in found.values()} == {expected}


def test_who_may_make_organisations_is_a_setting_and_no_variable() -> None:
    env = api_environment(record("staging", {"restrictOrgCreateToSuperusers": False}))
    assert env["RESTRICT_ORG_CREATE_TO_SUPERUSERS"] == "False"
    text = reservation("RESTRICT_ORG_CREATE_TO_SUPERUSERS")
    assert text == "is set by the program: use restrictOrgCreateToSuperusers in its place"


def test_each_shared_cache_has_a_redis_database_of_its_own_and_gives_up_quickly() -> None:
    env = api_environment(recorded("production"))
    databases = {env[cache.location].partition("?")[0] for cache in SHARED}
    assert databases == {f"$(REDIS_URL)/{number}" for number in range(1, len(SHARED) + 1)}
    for cache in SHARED:
        assert env[cache.backend] == "django_redis.cache.RedisCache"
        assert env[cache.location].endswith("?socket_timeout=0.05&socket_connect_timeout=0.05")


def test_what_every_request_asks_for_is_kept_in_each_process() -> None:
    env = api_environment(recorded("production"))
    for name in ("ENVIRONMENT_CACHE_BACKEND", "CACHE_ENVIRONMENT_SEGMENTS_BACKEND"):
        assert env[name] == "django.core.cache.backends.locmem.LocMemCache"
    assert env["ENVIRONMENT_CACHE_LOCATION"] != env["ENVIRONMENT_SEGMENTS_CACHE_LOCATION"]


def test_the_times_of_the_caches_and_the_timeout_of_redis_are_settings() -> None:
    caches = {
        "flags": 1,
        "identities": "2",
        "environment": 3,
        "environmentDocument": 4,
        "environmentSegments": 5,
        "socketTimeout": "0.12",
    }
    env = api_environment(record("production", {"caches": caches}))
    assert [env[cache.seconds] for cache in CACHES.values() if cache.seconds] == ["1", "2", "3", "4", "5"]
    for cache in SHARED:
        assert env[cache.location].endswith("?socket_timeout=0.12&socket_connect_timeout=0.12")


def test_without_redis_the_caches_that_each_process_has_are_bounded_all_the_same() -> None:
    env = api_environment(record("production", {"redis": {"mode": "none"}, "caches": {"environment": 3}}))
    assert env["ENVIRONMENT_CACHE_SECONDS"] == "3"
    assert env["CACHE_ENVIRONMENT_SEGMENTS_SECONDS"] == "5"
    assert not [value for name, value in env.items() if "CACHE" in name and "redis" in value.lower()]


def test_the_namespace_is_in_the_hosts_and_the_probes_ask_for_one_that_is_allowed() -> None:
    moved = {"host": "other.localhost", "publicUrl": "http://other.localhost:30080"}
    recording = record("local", {**moved, "namespace": {"name": "flags"}})
    env = api_environment(recording)
    hosts = env["DJANGO_ALLOWED_HOSTS"].split(",")
    assert "*" not in hosts
    assert {"other.localhost", "flagsmith.flags.svc", "localhost", "$(POD_IP)"} <= set(hosts)
    assert (env["FLAGSMITH_FRONTEND_URL"], env["USE_SECURE_COOKIES"]) == ("http://other.localhost:30080", "False")
    for name in ("flagsmith", "flagsmith-task-processor"):
        pod = container(recording.one("Deployment", name)["spec"]["template"])
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            headers = {item["name"]: item["value"] for item in pod[probe]["httpGet"]["httpHeaders"]}
            assert headers["Host"] == "other.localhost"


def test_the_operators_variables_come_last_and_from_secrets_too() -> None:
    recording = record(
        "local",
        {
            "env": {"LOGIN_THROTTLE_RATE": "5/min"},
            "envFromSecrets": {"SENTRY_SDK_DSN": {"name": "sentry", "key": "dsn"}},
        },
    )
    env = api_environment(recording)
    assert env["LOGIN_THROTTLE_RATE"] == "5/min"
    assert env["SENTRY_SDK_DSN"] == {"secretKeyRef": {"name": "sentry", "key": "dsn"}}


def test_mail_and_log_in_reach_the_container() -> None:
    recording = record(
        "production",
        {
            "smtp": {"host": "smtp.example.com", "username": "flags", "existingSecret": {"name": "smtp"}},
            "login": {"google": True, "github": {"existingSecret": "github-oauth"}, "environmentKey": "abc"},
        },
    )
    env = api_environment(recording)
    assert (env["EMAIL_HOST"], env["EMAIL_PORT"], env["EMAIL_USE_TLS"]) == ("smtp.example.com", "587", "True")
    assert env["EMAIL_HOST_PASSWORD"] == {"secretKeyRef": {"name": "smtp", "key": "password"}}
    assert env["SENDER_EMAIL"] == "flagsmith@flags.footanalytics.com"
    assert env["GITHUB_CLIENT_ID"] == {"secretKeyRef": {"name": "github-oauth", "key": "client-id"}}
    assert env["DJANGO_SECURE_CROSS_ORIGIN_OPENER_POLICY"] == "same-origin-allow-popups"
    assert env["FLAGSMITH_ON_FLAGSMITH_API_KEY"] == "abc"


def test_what_the_program_sets_is_refused_from_the_operator() -> None:
    everything = record(
        "production",
        {
            "postgres": {
                "mode": "external",
                "existingSecret": "a",
                "sslmode": "verify-full",
                "caSecret": {"name": "b"},
            },
            "smtp": {"host": "smtp.example.com", "username": "flags", "existingSecret": {"name": "smtp"}},
            "login": {"google": True, "github": {"existingSecret": "c"}, "environmentKey": "abc"},
        },
    )
    for env in flagsmith_environments(everything).values():
        assert {name for name in env if reservation(name) is None} == set()
