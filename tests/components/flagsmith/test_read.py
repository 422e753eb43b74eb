"""Every variable and argument that a container gets is read by what runs in it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.settings import releases
from components.text.versions import dotted
from tests.recording import ROOT, STACKS, Recording, all_containers, pod_templates, record, recorded

RECORDED: dict[str, str] = yaml.safe_load(Path(__file__).with_name("read.yaml").read_text("utf-8"))
EXTERNAL = {
    "postgres": {
        "mode": "external",
        "existingSecret": "p",
        "sslmode": "verify-full",
        "caSecret": {"name": "p-ca"},
    },
    "redis": {"mode": "external", "existingSecret": "r", "tls": True, "caSecret": {"name": "r-ca"}},
    "smtp": {"host": "mail.example.com", "username": "u", "existingSecret": {"name": "mail", "key": "password"}},
    "tracing": {"endpoint": "http://otel.example.com:4318", "headers": {"name": "otel"}},
    "login": {"google": True, "github": {"existingSecret": "github"}, "environmentKey": "abcdef"},
    "backup": {"s3": {"bucket": "b-1", "endpoint": "https://s3.example.com", "region": "r", "existingSecret": "s3"}},
    "audit": {"existingSecret": "audit", "export": {"sink": "stdout"}},
}
# What runs in the images of others, and Python itself; read in their documentation.
LIBPQ = "PGHOST PGPORT PGUSER PGDATABASE PGSERVICE PGSERVICEFILE PGSSLMODE PGSSLROOTCERT PGOPTIONS"
BOTO = "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION"
POSTGRES = "POSTGRES_USER POSTGRES_DB POSTGRES_PASSWORD_FILE POSTGRES_INITDB_ARGS PGDATA"
PYTHON = "HOME PYTHONPATH PYTHONDONTWRITEBYTECODE"
EXPORTERS = {
    "postgres-exporter": f"DATA_SOURCE_NAME PGCONNECT_TIMEOUT {LIBPQ}",
    "redis-exporter": "REDIS_ADDR REDIS_USER REDIS_PASSWORD REDIS_EXPORTER_CONFIG_COMMAND "
    "REDIS_EXPORTER_SET_CLIENT_NAME REDIS_EXPORTER_DISABLE_SCRAPE_ENDPOINT REDIS_EXPORTER_CONNECTION_TIMEOUT "
    "REDIS_EXPORTER_TLS_CA_CERT_FILE REDIS_PASSWORD_FILE",
}
# Only there to make another Job, with another name, of another release or other grants; for what `ff` runs there.
NAMING = {"grants": "RELEASE GRANTS_DIGEST", "toolbox": "DATABASE_URL"}
PROCESSES = {
    "api": "api",
    "task-processor": "task-processor",
    "migration": "migrate",
    "bootstrap": "bootstrap",
}


def stacks() -> Iterator[Recording]:
    yield from (recorded(name) for name in STACKS)
    yield record("production", EXTERNAL)


def read(process: str) -> set[str]:
    """What a process of Flagsmith's reads."""
    return {*RECORDED["every"].split(), *RECORDED[process].split()}


def scripts(item: dict[str, Any]) -> str:
    """The text of our own scripts that a container runs: in its command, or a mounted file of these names."""
    words = " ".join([*(item.get("command") or []), *(item.get("args") or [])])
    mounted = re.findall(r"/([a-z_]+)\.py\b", words)
    beside = {name.split("_")[0] for name in mounted} | {name.split("_")[-1] for name in mounted}
    files = [
        path
        for path in (ROOT / "components").glob("*/in_pod/*")
        if path.stem in mounted or path.stem.split("_")[0] in beside
    ]
    return "\n".join([words, *(path.read_text("utf-8") for path in files)])


def unread(template: dict[str, Any], item: dict[str, Any]) -> set[str]:
    """The variables of a container that nothing reads."""
    names = [entry["name"] for entry in item.get("env") or []]
    component = template["metadata"]["labels"]["app.kubernetes.io/component"]
    others = " ".join([LIBPQ, BOTO, PYTHON, EXPORTERS.get(item["name"], ""), NAMING.get(item["name"], "")])
    others += POSTGRES if item["name"] == "postgres" else ""
    known = read(PROCESSES[component]) if component in PROCESSES else set(others.split())
    values = " ".join(entry.get("value") or "" for entry in item.get("env") or [])
    text = scripts(item)
    return {
        name
        for name in names
        if name not in known
        and not any(form in values for form in (f"$({name})", f'"{name}"'))
        and not re.search(rf"\b{name}\b", text)
    }


def test_every_variable_of_every_container_is_read_by_something() -> None:
    seen = 0
    for recording in stacks():
        for name, template in pod_templates(recording):
            for item in all_containers(template):
                assert unread(template, item) == set(), f"{name}, container {item['name']}"
                seen += len(item.get("env") or [])
    assert seen > 500


def test_the_list_is_of_the_release_that_is_the_default() -> None:
    assert RECORDED["release"] == dotted(releases.NEWEST_VERIFIED)


@pytest.mark.parametrize("name", ["GUNICORN_KEEP_ALIVE", "REDIS_URL", "NOBODY_READS_THIS"])
def test_a_variable_that_nothing_reads_is_found(name: str) -> None:
    template = recorded("local").one("Deployment", "flagsmith")["spec"]["template"]
    (item,) = template["spec"]["containers"]
    others = [entry for entry in item["env"] if "$(REDIS_URL)" not in entry.get("value", "")]
    assert name in unread(template, {**item, "env": [*others, {"name": name, "value": "0"}]})


def test_each_answer_closes_its_connection_on_every_release() -> None:
    """By the argument that later releases take, by the variable that the shell script of earlier ones reads."""
    for version in ("2.252.0", "2.253.0", dotted(releases.NEWEST_VERIFIED)):
        pod = record("local", {"version": version}).one("Deployment", "flagsmith")["spec"]["template"]["spec"]
        (item,) = pod["containers"]
        env = {entry["name"]: entry.get("value") for entry in item["env"]}
        if version < "2.253.0":
            assert item["args"] == ["serve"]
            assert env["GUNICORN_KEEP_ALIVE"] == "0"
            assert item["command"][-1] == "/app/scripts/run-docker.sh"
        else:
            assert item["args"][:3] == ["start", "--keep-alive", "0"]
            assert "GUNICORN_KEEP_ALIVE" not in env
            assert item["command"][-1] == "flagsmith"
