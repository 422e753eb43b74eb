"""What is deployed to run rollouts: one pod with a token, and the Job that makes the account which the token is of."""

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from components.rollouts.in_pod.prometheus import AwayError, Prometheus
from components.rollouts.in_pod.runner import HUNG_SECONDS, RolloutRunner, read_secret
from components.rollouts.rollouts import PACKAGE, SCRIPTS
from tests.components.settings.support import refusal
from tests.recording import ROOT, Recording, container, environment, record

PROMETHEUS = {
    "url": "https://prometheus.example.com",
    "tokenSecret": {"name": "prometheus"},
    "caSecret": "prometheus-ca",
}
OF_ITS_OWN = {
    "ConfigMap/flagsmith-rollouts-#",
    "ConfigMap/flagsmith-rollouts-login-#",
    "Deployment/flagsmith-rollouts",
    "Job/flagsmith-rollouts-login-#",
    "NetworkPolicy/flagsmith-rollouts",
    "NetworkPolicy/flagsmith-rollouts-login",
    "Secret/flagsmith-rollouts",
    "ServiceAccount/flagsmith-rollouts",
    "ServiceAccount/flagsmith-rollouts-login",
}


@pytest.fixture(scope="module")
def stack() -> Recording:
    return record("production", {"rollouts": {"enabled": True, "prometheus": PROMETHEUS}})


def found(recording: Recording) -> set[str]:
    refs = (item.ref for item in recording.program.objects if "rollouts" in item.ref.name)
    return {re.sub(r"-[0-9a-f]{10}$", "-#", f"{ref.kind}/{ref.name}") for ref in refs}


def test_it_is_there_when_it_is_asked_for_and_not_otherwise(stack: Recording) -> None:
    assert found(stack) == OF_ITS_OWN
    assert found(record("production", {})) == set()


def test_its_pod_has_no_way_to_the_database_and_no_token_of_kubernetes(stack: Recording) -> None:
    spec = stack.one("Deployment", "flagsmith-rollouts")["spec"]
    template = spec["template"]
    assert (spec["replicas"], spec["strategy"]["type"]) == (1, "Recreate")
    assert template["spec"]["automountServiceAccountToken"] is False
    assert all(isinstance(value, str) for value in environment(template).values()), "no reference to a Secret"
    variables = environment(template)
    assert variables["FLAGSMITH_URL"] == "http://flagsmith.feature-flags.svc.cluster.local:8000"
    assert variables["PROMETHEUS_URL"] == "https://prometheus.example.com"
    secrets = {item["secret"]["secretName"] for item in template["spec"]["volumes"] if "secret" in item}
    assert secrets == {"flagsmith-rollouts", "prometheus", "prometheus-ca"}


def test_it_is_alive_while_its_looks_do_not_hang_and_ready_while_it_shows_its_metrics(stack: Recording) -> None:
    main = container(stack.one("Deployment", "flagsmith-rollouts")["spec"]["template"])
    probes = {name: main[name]["httpGet"]["path"] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert probes == {"startupProbe": "/livez", "readinessProbe": "/readyz", "livenessProbe": "/livez"}
    assert main["command"] == ["python", "-P", "-m", f"{PACKAGE}.runner"]


def test_the_program_has_all_its_files_and_not_the_script_of_the_job(stack: Recording) -> None:
    (files,) = (item["data"] for item in stack.all("ConfigMap") if "runner.py" in item.get("data", {}))
    assert set(files) == {path.name for path in SCRIPTS}
    assert "login.py" not in files


def test_the_account_s_mail_goes_nowhere_and_its_project_is_the_first_one(stack: Recording) -> None:
    job = stack.starting("Job", "flagsmith-rollouts-login-")
    wanted = json.loads(environment(job["spec"]["template"])["ROLLOUTS_LOGIN"])
    assert wanted["email"].endswith(".invalid")
    assert {"organisation", "project", "environments"} <= wanted.keys()


def test_a_new_token_is_another_job_and_restarts_the_pod(stack: Recording) -> None:
    renewed = record(
        "production", {"rollouts": {"enabled": True, "prometheus": PROMETHEUS}, "rotations": {"rollouts": 1}}
    )

    def of(recording: Recording) -> tuple[str, Any]:
        jobs = recording.starting("Job", "flagsmith-rollouts-login-")["metadata"]["name"]
        annotations = recording.one("Deployment", "flagsmith-rollouts")["spec"]["template"]["metadata"]["annotations"]
        return jobs, annotations["checksum/flagsmith-rollouts"]

    assert of(stack)[0] != of(renewed)[0]
    assert of(stack)[1] != of(renewed)[1]


@pytest.mark.parametrize(
    ("prometheus", "said"),
    [
        ({"cidr": "10.0.0.0/24"}, "feature-flags:rollouts.prometheus.cidr: goes with rollouts.prometheus.url"),
        (
            {"url": "http://p:9090", "tokenSecret": "p"},
            "feature-flags:rollouts.prometheus.tokenSecret: goes with",
        ),
        ({"url": "http://p:9090", "caSecret": "p"}, "feature-flags:rollouts.prometheus.caSecret: goes with an address"),
        ({"url": "p:9090"}, 'feature-flags:rollouts.prometheus.url = "p:9090": must be an address'),
        ({"url": "https://me:secret@p"}, "feature-flags:rollouts.prometheus.url"),
    ],
)
def test_what_is_no_prometheus_is_refused(prometheus: dict[str, object], said: str) -> None:
    (line,) = refusal(rollouts={"enabled": True, "prometheus": prometheus})
    assert line.startswith(said)
    assert "secret@" not in line


def test_a_look_that_hangs_is_dead() -> None:
    runner = RolloutRunner({"INTERVAL_SECONDS": "60", "TOKEN_FILE": "/none", "FLAGSMITH_URL": "http://127.0.0.1:1"})
    runner._alive -= HUNG_SECONDS - 5  # noqa: SLF001
    assert runner.is_alive()
    runner._alive -= 10  # noqa: SLF001
    assert not runner.is_alive()
    runner.look()
    assert runner.is_alive(), "a Flagsmith that does not answer is no reason to start again"
    assert not runner.seen.went_well


def test_a_token_of_prometheus_that_is_no_text_keeps_nobody_from_looking(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_bytes(b"a-secret\xff\n")
    found = read_secret(str(token))
    with pytest.raises(AwayError, match="its token has a character that no header may have"):
        Prometheus("http://127.0.0.1:1", token=found).now("up", datetime.now(UTC))


def test_an_account_that_sees_no_project_is_told_what_gives_it_its_rights(capsys: pytest.CaptureFixture[str]) -> None:
    """The Job of its log-in does not run again with the same token."""
    runner = RolloutRunner({"INTERVAL_SECONDS": "60", "TOKEN_FILE": "/none", "FLAGSMITH_URL": "http://127.0.0.1:1"})
    with mock.patch.object(runner._api, "pages", return_value=iter(())):  # noqa: SLF001
        runner.look()
    said = capsys.readouterr().err
    assert "its account may see no project: `ff secrets rotate rollouts` gives its rights again" in said


def test_where_it_runs_there_is_nothing_but_the_standard_library_and_prometheus_client() -> None:
    listed = (ROOT / "components" / "rollouts" / "in_pod").glob("*.py")
    imported = {
        line.split()[1].partition(".")[0]
        for path in listed
        if path.name != "login.py"
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(r"(import|from) [a-z_]", line)
    }
    assert imported - sys.stdlib_module_names == {"prometheus_client"}
