"""What the doctor sees of what runs rollouts: by its pod, and from within it with its own program."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.rollouts.rollouts import PACKAGE, SCRIPTS
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.commands.doctor.rollouts import SHOWN, looked_at_rollouts, of_rollouts, rollouts_pod
from flagops.kubernetes.objects import Manifest
from flagops.pods import python_in_pod
from flagops.pods.exec import Completed
from flagops.stacks.deployed import Instance
from tests.components.rollouts.faulty import serving, vector
from tests.components.rollouts.running import Rolling
from tests.doubles.flagsmith import serve
from tests.flagops.commands.rollout_pods import pod, stack_of
from tests.servers import LOOPBACK, free_port

NOBODY = "http://{}:{}"
WARNING = {"levelname": "WARNING", "message": "the flag is not there", "rollout": "search.production"}
WELL: dict[str, dict[str, Any]] = {
    "flagsmith": {"projects": ["FootAnalytics"]},
    "prometheus": {"url": "http://prometheus:9090"},
    "itself": {"is_well": True, "seconds": 12.0, "unanswered": []},
}
Look = Callable[..., dict[str, DoctorFinding]]


def found(check: Callable[[Examination], Iterator[DoctorFinding]], place: Instance) -> dict[str, DoctorFinding]:
    return {finding.name: finding for finding in check(Examination(place))}


def judged(log: Sequence[str] = (), **seen: dict[str, Any]) -> dict[str, DoctorFinding]:
    """What is found of a pod that is well, but for this."""
    settings = stack_of(enabled=True).settings
    return {finding.name: finding for finding in of_rollouts("production", settings, {**WELL, **seen}, tuple(log))}


def test_a_stack_without_rollouts_is_not_asked() -> None:
    assert found(rollouts_pod, stack_of()) == found(looked_at_rollouts, stack_of(pod())) == {}


def test_a_pod_that_is_ready_is_well_and_one_that_is_not_or_none_is_away() -> None:
    assert found(rollouts_pod, stack_of(pod(), enabled=True)) == {}
    finding = found(rollouts_pod, stack_of(pod(is_ready=False), enabled=True))["rollouts-pod-away"]
    assert finding.evidence == ("flagsmith-rollouts-1: Running",)
    assert found(looked_at_rollouts, stack_of(pod(is_ready=False), enabled=True)) == {}
    finding = found(rollouts_pod, stack_of(enabled=True))["rollouts-pod-away"]
    assert finding.evidence == ("there is no pod at all",)
    assert "ff logs --stack production --component rollouts" in finding.fix


def test_one_that_is_well_has_no_finding() -> None:
    assert judged() == {}
    # Its first look may take a while.
    assert judged(itself={"is_well": False, "seconds": None, "unanswered": []}) == {}


def test_looks_that_end_too_seldom_are_late() -> None:
    most = 2 * 60 + 300
    assert judged(itself={**WELL["itself"], "seconds": most - 1.0}) == {}
    (finding,) = judged(itself={**WELL["itself"], "seconds": most + 1.0}).values()
    assert finding.name == "rollouts-late"
    assert finding.evidence == ("the last look ended 421 s ago; 420 s are the most",)
    assert set(judged(itself={"mute": "refused"})) == {"rollouts-late"}


def test_a_look_that_could_not_read_or_write_all_is_told_with_what_the_log_warns_of() -> None:
    found_of = judged(["search.production: refused"], itself={**WELL["itself"], "is_well": False})
    assert found_of["rollouts-unread"].evidence == ("search.production: refused",)
    # So long that the last good one was long ago.
    failing = judged(["search.production: refused"], itself={**WELL["itself"], "is_well": False, "seconds": 9999.0})
    assert set(failing) == {"rollouts-unread"}


def test_guards_without_a_prometheus_are_told_and_no_guards_are_none_s_fault() -> None:
    none = {"url": None}
    assert judged(prometheus=none) == {}
    unanswered = [f"search in production: {number}" for number in range(SHOWN + 2)]
    finding = judged(prometheus=none, itself={**WELL["itself"], "unanswered": unanswered})["rollouts-prometheus-away"]
    assert finding.evidence == tuple(unanswered[:SHOWN])
    assert "rollouts.prometheus.url" in finding.fix


@pytest.fixture
def flagsmith() -> Iterator[Rolling]:
    with serve(Rolling()) as made:
        assert isinstance(made, Rolling)
        yield made


@pytest.fixture
def look(flagsmith: Rolling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Examine a pod that is asked as `kubectl exec` would: its program, its variables, its Secrets as files."""
    package = tmp_path / PACKAGE
    package.mkdir()
    for script in SCRIPTS:
        shutil.copy(script, package)

    def examined(metrics: str, log: str = "", token: str = "", **variables: str) -> dict[str, DoctorFinding]:
        (tmp_path / "token").write_text(token or flagsmith.token, encoding="utf-8")
        (tmp_path / "prometheus-token").write_text("a-secret\n", encoding="utf-8")
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(tmp_path),
            "PYTHONDONTWRITEBYTECODE": "1",
            "FLAGSMITH_URL": flagsmith.url,
            "TOKEN_FILE": str(tmp_path / "token"),
            "PORT": metrics,
            **variables,
        }

        def run(_instance: Instance, _pod: Manifest, command: Sequence[str], **_: object) -> Completed:
            here = [sys.executable, *command[1:]]
            done = subprocess.run(here, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
            return Completed(done.returncode, done.stdout, done.stderr)

        monkeypatch.setattr(python_in_pod, "run", run)
        monkeypatch.setattr(python_in_pod, "running", lambda _instance, component: pod() if component else None)
        return found(looked_at_rollouts, stack_of(pod(), log=log, enabled=True))

    return examined


def metrics_of(*, up: int = 1, looked: float | None = None, away: int = 0) -> bytes:
    which = 'feature="search",environment="production",segment="",guard="errors",verdict="away"'
    lines = [
        f"flagsmith_rollouts_up {up}",
        f"flagsmith_rollouts_last_look_timestamp_seconds {time.time() if looked is None else looked}",
        f"flagsmith_rollout_guard{{{which}}} {away}",
        "",
    ]
    body = "\n".join(lines).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def test_from_within_all_that_answers_is_well(look: Look) -> None:
    with serving(metrics_of()) as itself, serving(vector(time.time(), "1")) as prometheus:
        url = NOBODY.format(LOOPBACK, prometheus.port)
        assert look(str(itself.port), PROMETHEUS_URL=url) == {}
        assert prometheus.asked, "it was asked"


def test_from_within_a_token_that_is_refused_is_told_and_no_other_fault_of_it(look: Look) -> None:
    with serving(metrics_of(up=0, looked=1.0)) as itself:
        findings = look(str(itself.port), token="not-the-one")
    finding = findings["rollouts-token-refused"]
    assert set(findings) == {"rollouts-token-refused"}
    assert "401" in finding.evidence[0]
    assert "not-the-one" not in str(finding)
    assert finding.fix == "ff secrets rotate rollouts --stack production"


def test_from_within_an_account_that_sees_no_project_is_as_one_that_is_refused(look: Look, flagsmith: Rolling) -> None:
    with flagsmith.database.lock:
        flagsmith.database.remove("projects")
    with serving(metrics_of(up=0)) as itself:
        assert look(str(itself.port))["rollouts-token-refused"].evidence == ("its account sees no project",)


def test_from_within_a_flagsmith_that_is_away_is_told(look: Look) -> None:
    with serving(metrics_of(up=0)) as itself:
        findings = look(str(itself.port), FLAGSMITH_URL=NOBODY.format(LOOPBACK, free_port()))
    assert set(findings) == {"rollouts-flagsmith-away"}
    assert "refused" in findings["rollouts-flagsmith-away"].evidence[0]


def test_from_within_a_prometheus_that_is_away_is_told_without_its_token(look: Look, tmp_path: Path) -> None:
    url = NOBODY.format(LOOPBACK, free_port())
    with serving(metrics_of(away=1)) as itself:
        findings = look(str(itself.port), PROMETHEUS_URL=url, PROMETHEUS_TOKEN_FILE=str(tmp_path / "prometheus-token"))
    assert set(findings) == {"rollouts-prometheus-away"}
    assert findings["rollouts-prometheus-away"].evidence[0].startswith(f"{url}: cannot be asked")
    assert "a-secret" not in str(findings)


def test_from_within_a_token_that_is_no_text_is_told_as_that(look: Look, tmp_path: Path) -> None:
    (tmp_path / "no-text").write_bytes(b"a-secret\xff\n")
    url = NOBODY.format(LOOPBACK, free_port())
    with serving(metrics_of(away=1)) as itself:
        findings = look(str(itself.port), PROMETHEUS_URL=url, PROMETHEUS_TOKEN_FILE=str(tmp_path / "no-text"))
    assert set(findings) == {"rollouts-prometheus-away"}
    assert "its token has a character that no header may have" in findings["rollouts-prometheus-away"].evidence[0]
    assert "a-secret" not in str(findings)


def test_from_within_guards_that_nobody_answers_as_none_is_named(look: Look) -> None:
    with serving(metrics_of(away=1)) as itself:
        finding = look(str(itself.port))["rollouts-prometheus-away"]
    assert finding.evidence == ("search in production: errors",)


def test_from_within_a_log_is_read_for_its_warnings_alone(look: Look) -> None:
    lines = [json.dumps({**WARNING, "levelname": "INFO", "message": "raised"}), json.dumps(WARNING), "no JSON", "[]"]
    with serving(metrics_of(up=0)) as itself:
        finding = look(str(itself.port), log="\n".join(lines))["rollouts-unread"]
    assert finding.evidence == ("search.production: the flag is not there",)


def test_from_within_a_pod_that_does_not_answer_itself_is_late(look: Look) -> None:
    assert set(look(str(free_port()))) == {"rollouts-late"}
