"""Each container gets the secrets that it uses, and no other: every container of every stack, with everything on."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from components.flagsmith.secrets import LOG_IN, READERS, SDK_KEYS, Process, readers
from components.rollouts.login import SCRIPT as LOGIN_SCRIPT
from components.settings.references import VariableReference
from components.text.plain_secrets import is_called_secret
from tests.components.flagsmith.test_read import EXTERNAL, RECORDED, stacks
from tests.recording import Recording, all_containers, environment, pod_templates, record

FLAGSMITH = {process.value for process in Process}
SERVER = frozenset({"PASSWORD", "PREVIOUS"})
S3 = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"})
# All others: what their scripts and programs log in with, of which some are there in some stacks alone.
OTHERS = {
    "audit": {"DATABASE_URL"},
    "exporter": {"DATABASE_URL"},
    "flag-metrics": {"DATABASE_URL"},
    "pg-dump": {"DATABASE_URL", "BACKUP_PASSPHRASE"},
    "extract": {"BACKUP_PASSPHRASE"},
    "live": {"DATABASE_URL"},
    "restore": {"DATABASE_URL"},
    "store": S3,
    "list": S3,
    "download": S3,
    "redis": {"REDISCLI_AUTH", "METRICS_PASSWORD"},
    "redis-exporter": {"REDIS_PASSWORD", "REDIS_ADDR"},
    "postgres-exporter": {"DATA_SOURCE_NAME"},
    "roles": {*SERVER, "LOGIN", "LOGIN_PASSWORD", "AUDIT_PASSWORD", "ANALYTICS_PASSWORD"},
    "grants": SERVER,
    "retire": {*SERVER, "LOGIN"},
    "toolbox": {"DATABASE_URL"},
}
OPERATORS = {
    "SENTRY_SDK_DSN": {"name": "own", "key": "sentry"},
    "TASK_PROCESSOR_DATABASE_URL": {"name": "own", "key": "tasks"},
    "LDAP_AUTH_BIND_PW": {"name": "own", "key": "ldap"},
    "OAUTH_CLIENT_SECRET": {"name": "own", "key": "oauth"},
    "SLACK_CLIENT_SECRET": {"name": "own", "key": "slack"},
    "GITHUB_PEM": {"name": "own", "key": "pem"},
    "NOBODY_KNOWS_TOKEN": {"name": "own", "key": "nobody"},
    "WANTED_TOKEN": {"name": "own", "key": "wanted", "jobs": True},
    "ANALYTICS_DATABASE_URL": {"name": "own", "key": "analytics", "jobs": False},
}


def containers(recording: Recording) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every container, with the component that it is of."""
    for _, template in pod_templates(recording):
        component = template["metadata"]["labels"]["app.kubernetes.io/component"]
        for item in all_containers(template):
            yield component, item


def every_stack() -> Iterator[Recording]:
    """The shipped stacks, one with external servers, and one of each with all on that needs a secret."""
    backup = {"encryption": {"name": "backups"}, "s3": {"bucket": "b-1", "existingSecret": "s3"}}
    export = {
        "sink": "https",
        "url": "https://a.example.com",
        "tokenSecret": {"name": "t"},
        "caSecret": {"name": "t-ca"},
    }
    yield from stacks()
    yield record(
        "production",
        {
            "backup": backup,
            "audit": {"export": export},
            "envFromSecrets": {name: item for name, item in OPERATORS.items() if name != "WANTED_TOKEN"},
            "tracing": EXTERNAL["tracing"],
            "login": EXTERNAL["login"],
        },
    )
    exporters = {
        "postgres": {"existingSecret": "e-p"},
        "redis": {"existingSecret": "e-r"},
        "flagMetrics": {"existingSecret": "f"},
    }
    audit = {"existingSecret": "audit", "export": export}
    yield record("production", {**EXTERNAL, "monitoring": exporters, "audit": audit, "backup": backup})


def from_secrets(item: dict[str, Any]) -> set[str]:
    """The variables of a container that come from Secrets."""
    return {entry["name"] for entry in item.get("env") or [] if "secretKeyRef" in (entry.get("valueFrom") or {})}


def given(**overrides: object) -> dict[str, set[str]]:
    """What each process of Flagsmith's gets out of Secrets."""
    found: dict[str, set[str]] = {}
    for component, item in containers(record("production", overrides)):
        if component in FLAGSMITH:
            assert found.setdefault(component, from_secrets(item)) == from_secrets(item), "init containers get as much"
    return found


def test_no_container_gets_a_secret_that_is_not_its_own() -> None:
    others: dict[str, set[str]] = {}
    for recording in every_stack():
        for component, item in containers(recording):
            names = from_secrets(item)
            assert not item.get("envFrom"), "no Secret as a whole"
            if component in FLAGSMITH:
                assert {name for name in names if Process(component) not in readers(name)} == set(), component
            elif names:
                others.setdefault(item["name"], set()).update(names)
    assert others == OTHERS


def test_the_table_names_what_each_process_gets_and_a_process_gets_all_of_it() -> None:
    (recording,) = [item for item in stacks() if any(component == "toolbox" for component, _ in containers(item))]
    for component, item in containers(recording):
        if component in FLAGSMITH:
            names = list(READERS)
            set_by_platform = names[: names.index("ANALYTICS_DATABASE_URL")]
            wanted = {name for name in set_by_platform if Process(component) in READERS[name]}
            assert {name for name in from_secrets(item) if not name.startswith(SDK_KEYS)} == wanted, component


def test_what_the_table_says_is_read_is_on_record() -> None:
    """Names that a real process looked up; the platform's own script reads the administrator's password.

    The log-in of rollouts starts Django as the bootstrap does, and its script reads the token.
    """
    recorded_as = {"migration": "migrate", "rollouts-login": "bootstrap"}
    known = {
        process: {*RECORDED["every"].split(), *RECORDED[recorded_as.get(process, process)].split()}
        for process in FLAGSMITH
    }
    known[Process.ROLLOUTS_LOGIN] |= set(
        re.findall(r'os\.environ\["(\w+)"\]', LOGIN_SCRIPT.read_text(encoding="utf-8"))
    )
    for name, processes in READERS.items():
        for process in processes - ({Process.MIGRATION, Process.BOOTSTRAP} if name == "CLICKHOUSE_URL" else set()):
            assert name in known[process] or name == "REDIS_URL", f"{process} does not look up {name}"


def test_every_secret_that_flagsmith_looks_up_has_a_decision() -> None:
    """A name that is in no table never reaches a Job, and one of a log-in not the task processor either."""
    for name in RECORDED["every"].split():
        if is_called_secret(name) and name not in READERS:
            assert Process.MIGRATION not in readers(name)
            assert Process.TASK_PROCESSOR not in readers(name) or not name.startswith(LOG_IN)


def test_the_task_processor_has_nothing_of_a_log_in_and_the_jobs_have_the_database_alone() -> None:
    github = {"login": {"github": {"existingSecret": "github"}}}
    found = given(**github)
    assert {"GITHUB_CLIENT_SECRET", "COOKIE_AUTH_JWT_SIGNING_KEY"} <= found["api"]
    assert not {"GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET", "COOKIE_AUTH_JWT_SIGNING_KEY"} & found["task-processor"]
    assert found["migration"] == {"DATABASE_URL"}
    own = {name for name in found["bootstrap"] if not name.startswith(SDK_KEYS)}
    assert own == {"DATABASE_URL", "ADMIN_PASSWORD"}
    assert found["bootstrap"] - own == {
        f"SDK_KEY_{environment}_{key}" for environment in range(3) for key in ("CLIENT", "APPLICATIONS")
    }


def test_the_operator_s_variables_go_to_who_reads_them() -> None:
    before, after = given(), given(envFromSecrets=OPERATORS)
    added = {component: after[component] - before[component] for component in before}
    assert added["api"] == set(OPERATORS)
    assert added["task-processor"] == set(OPERATORS) - {
        "LDAP_AUTH_BIND_PW",
        "OAUTH_CLIENT_SECRET",
        "SLACK_CLIENT_SECRET",
    }
    assert added["migration"] == added["bootstrap"] == {"SENTRY_SDK_DSN", "TASK_PROCESSOR_DATABASE_URL", "WANTED_TOKEN"}


def test_a_setting_of_a_log_in_runs_no_job_again_and_leaves_the_task_processor_alone() -> None:
    first = record("production")
    variables = {"envFromSecrets": {"LDAP_AUTH_BIND_PW": {"name": "own", "key": "ldap"}}}
    before = dict(pod_templates(first))
    after = dict(pod_templates(record("production", variables, generated=first.program.generated)))
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {"Deployment/flagsmith"}


def test_no_file_of_a_secret_is_in_a_container_that_does_not_read_it() -> None:
    for recording in every_stack():
        for name, template in pod_templates(recording):
            secret = {
                volume["name"]: volume["secret"]["secretName"]
                for volume in template["spec"].get("volumes") or []
                if "secret" in volume
            }
            for item in all_containers(template):
                text = str(item)
                for mount in item.get("volumeMounts") or []:
                    if mount["name"] in secret:
                        assert text.count(mount["mountPath"]) > 1, (
                            f"{name}, container {item['name']}: {mount['mountPath']}"
                        )


@pytest.mark.parametrize("stated", [True, False, None])
def test_whether_jobs_get_one_can_be_said(stated: bool | None) -> None:
    reference = VariableReference.model_validate(
        {"name": "a", "key": "b", **({} if stated is None else {"jobs": stated})}
    )
    assert reference.jobs is stated


def test_the_api_s_own_variables_are_in_its_environment() -> None:
    env = environment(
        record("production", {"envFromSecrets": OPERATORS}).one("Deployment", "flagsmith")["spec"]["template"]
    )
    assert env["LDAP_AUTH_BIND_PW"] == {"secretKeyRef": {"name": "own", "key": "ldap"}}
