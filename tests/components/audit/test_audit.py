"""The audit log's reader and exporter: what they may reach, what they are told, and when they are there at all."""

from typing import Any

import pytest

from components.audit.reader import FILES, SCRIPTS
from components.kit import names as metadata
from components.settings import warnings
from tests.components.settings.support import refusal, settings
from tests.recording import Recording, container, environment, record, recorded

HTTPS = {
    "sink": "https",
    "url": "https://audit.example.com/api/v1/events",
    "tokenSecret": {"name": "collector"},
    "caSecret": {"name": "collector-ca"},
    "interval": 30,
    "batch": 500,
}
EXTERNAL = {"mode": "external", "existingSecret": "db"}


def exporter(recording: Recording) -> dict[str, Any]:
    found: dict[str, Any] = recording.one("Deployment", "flagsmith-audit-exporter")["spec"]
    return found


def reader(recording: Recording) -> dict[str, Any]:
    found: dict[str, Any] = recording.one("CronJob", "flagsmith-audit")["spec"]
    return found


def test_production_can_read_the_log_and_the_local_stack_has_nothing_of_it() -> None:
    spec = reader(recorded("production"))
    assert spec["suspend"] is True
    template = spec["jobTemplate"]["spec"]["template"]
    assert container(template)["command"] == ["python", "/audit/read_audit.py"]
    assert environment(template)["DATABASE_URL"] == {"secretKeyRef": {"name": "flagsmith-audit", "key": "DATABASE_URL"}}
    assert environment(template)["SOURCE"] == "flags.footanalytics.com"
    for recording in (recorded("local"), record("production", {"audit": {"enabled": False}})):
        assert "audit" not in {
            item["metadata"]["labels"]["app.kubernetes.io/component"] for item in recording.all("CronJob")
        }
    assert reader(record("local", {"audit": {"enabled": True}}))


def test_the_scripts_are_those_of_the_directory_and_a_changed_one_restarts_the_exporter() -> None:
    recording = record("production", {"audit": {"export": HTTPS}})
    files = recording.starting("ConfigMap", "flagsmith-audit-")
    assert set(FILES) == {path.name for path in SCRIPTS.glob("*.py")}
    assert set(files["data"]) == {*FILES, "plain_tables.py"}
    (volume,) = (v for v in exporter(recording)["template"]["spec"]["volumes"] if v["name"] == "scripts")
    assert volume["configMap"]["name"] == files["metadata"]["name"]


def test_the_exporter_is_off_until_it_has_a_sink() -> None:
    names = {item["metadata"]["name"] for item in recorded("production").all("Deployment")}
    assert "flagsmith-audit-exporter" not in names
    found = environment(exporter(record("production", {"audit": {"export": {"sink": "stdout"}}}))["template"])
    assert (found["SINK"], found["METRICS_PORT"]) == ("stdout", str(metadata.AUDIT_METRICS_PORT))
    assert {"URL", "TOKEN_FILE", "CA_FILE"}.isdisjoint(found)


def test_the_exporter_is_one_pod_whose_predecessor_is_gone() -> None:
    spec = exporter(record("production", {"audit": {"export": HTTPS}}))
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    pod = container(spec["template"])
    assert {pod[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")} == {"/livez"}
    assert pod["ports"] == [{"name": "metrics", "containerPort": 9103}]


def test_the_token_and_the_ca_are_files_of_existing_secrets() -> None:
    template = exporter(record("production", {"audit": {"export": HTTPS}}))["template"]
    found = environment(template)
    assert (found["URL"], found["INTERVAL"], found["BATCH"]) == (HTTPS["url"], "30", "500")
    volumes = {item["name"]: item.get("secret") for item in template["spec"]["volumes"]}
    mounts = {item["name"]: item["mountPath"] for item in container(template)["volumeMounts"]}
    for name, file, secret in (("token", found["TOKEN_FILE"], "collector"), ("ca", found["CA_FILE"], "collector-ca")):
        assert volumes[name]["secretName"] == secret
        assert file == f"{mounts[name]}/{volumes[name]['items'][0]['path']}"


def test_an_external_database_names_its_own_secret_and_checks_its_certificate() -> None:
    audit = {"existingSecret": "reader", "export": HTTPS}
    postgres = {**EXTERNAL, "sslmode": "verify-full", "caSecret": {"name": "ca"}}
    recording = record("production", {"postgres": postgres, "audit": audit})
    for template in (exporter(recording)["template"], reader(recording)["jobTemplate"]["spec"]["template"]):
        found = environment(template)
        assert found["DATABASE_URL"]["secretKeyRef"]["name"] == "reader"
        assert found["PGSSLMODE"] == "verify-full"
        directory = found["PGSSLROOTCERT"].rpartition("/")[0]
        assert directory in {mount["mountPath"] for mount in container(template)["volumeMounts"]}


def test_without_its_secret_an_external_database_s_log_is_warned_about_and_left_alone() -> None:
    found = settings(audit={"enabled": True}, postgres=EXTERNAL)
    assert not found.audit_enabled
    (text,) = (text for text in warnings(found) if text.startswith("audit:"))
    assert "nobody can read the audit log" in text
    assert not [text for text in warnings(settings(postgres=EXTERNAL)) if text.startswith("audit:")]
    (line,) = refusal(postgres=EXTERNAL, audit={"export": {"sink": "stdout"}})
    assert "audit.existingSecret" in line
    assert "postgres.mode is external" in line


@pytest.mark.parametrize(
    ("export", "said"),
    [
        ({"sink": "https"}, "audit.export.sink is https"),
        ({"sink": "stdout", "url": HTTPS["url"]}, "belongs to audit.export.sink https"),
        ({"url": HTTPS["url"]}, "audit.export.sink is not set"),
        ({"sink": "https", "url": "http://audit.example.com/"}, "must be an https address"),
        ({"sink": "https", "url": "https://"}, "must be an https address"),
        ({"sink": "https", "url": "https://a.example.com:99999/"}, "must be an https address"),
        ({"sink": "https", "url": "https://u:p@a.example.com/"}, "a URL with a password"),
        ({"sink": "https", "url": "https://a.example.com/?token=x"}, "a token in its query"),
        ({"sink": "syslog"}, "one of stdout, https"),
        ({"sink": "stdout", "batch": 1001}, "1000"),
    ],
)
def test_what_no_exporter_can_do_is_refused(export: dict[str, Any], said: str) -> None:
    (line,) = refusal(audit={"export": export})
    assert said in line


def test_an_exporter_of_a_log_that_is_switched_off_is_refused() -> None:
    (line,) = refusal(audit={"enabled": False, "export": {"sink": "stdout"}})
    assert "needs audit.enabled" in line


def test_where_the_exporter_connects_to_is_known() -> None:
    assert settings(audit={"export": HTTPS}).audit.export.destination == ("audit.example.com", 443)
    other = {**HTTPS, "url": "https://a.example.com:8443/x"}
    assert settings(audit={"export": other}).audit.export.destination == ("a.example.com", 8443)
    assert settings(audit={"export": {"sink": "stdout"}}).audit.export.destination is None


@pytest.mark.parametrize(
    ("audit", "said"),
    [({}, None), ({"enabled": True}, "1 audit"), ({"export": {"sink": "stdout"}}, "2 audit")],
)
def test_its_pods_count_against_the_quota(audit: dict[str, Any], said: str | None) -> None:
    (line,) = refusal(audit=audit, namespace={"quota": {"pods": 1}})
    assert (said in line) if said else "audit" not in line
