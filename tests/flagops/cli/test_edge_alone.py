"""`ff` with a stack that is an edge alone: what looks at proxies goes on, and all else says why it cannot."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from components.deployment.presence import DeclaredObject
from components.deployment.recorded import Deployment, written
from components.kit import names
from flagops import project
from flagops.commands.smoke import http, suite
from flagops.commands.smoke.model import CheckStatus, SmokeTarget
from flagops.commands.smoke.visit import visit
from tests.commands import EVERY
from tests.doubles.edge import Edge, serve
from tests.fake_cluster import NAMESPACE, FakeCluster, fake_cluster
from tests.flagops.cli.test_every_command import command_of
from tests.flagops.commands.test_simulated import NEEDS_CONTAINERS
from tests.recording import ROOT

Run = Callable[..., Result]
STACK = "eu"
FILE = """config:
  pulumi:disable-default-providers: [kubernetes]
  feature-flags:role: edge
  feature-flags:host: flags.eu.example.com
  feature-flags:context: eu
  feature-flags:edge:
    enabled: true
    existingSecret: edge-keys
    primary: {url: https://primary.example.com}
  feature-flags:ingress: {className: traefik, tls: {from: controller}}
"""
LOOKS_AT_PROXIES = {"logs", "restart", "shell", "port-forward", "smoke"}
NEEDS_FLAGSMITH = [
    line for command, lines in NEEDS_CONTAINERS.items() for line in lines if command not in LOOKS_AT_PROXIES
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an edge alone, and a kubeconfig without any cluster."""
    for name in ("Pulumi.yaml", "__main__.py", "components", "policies"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "flags", tmp_path / "flags")
    (tmp_path / f"Pulumi.{STACK}.yaml").write_text(FILE, encoding="utf-8")
    monkeypatch.setattr(project, "root", lambda: tmp_path)
    monkeypatch.setenv("FF_PROJECT", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.setenv("FF_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def called(run: Run, line: str) -> Result:
    return run(*line.split(), "--stack", STACK)


@pytest.mark.usefixtures("home")
def test_what_needs_a_flagsmith_says_that_there_is_none_and_where_it_is(run: Run, subtests: pytest.Subtests) -> None:
    for line in [*NEEDS_FLAGSMITH, "admin password", "secrets list", "env --generate"]:
        if not any(option.name == "stack" for option in EVERY[command_of(line)].params):
            continue
        with subtests.test(line):
            result = called(run, line)
            assert result.exit_code == 1, result.stdout
            assert "The stack 'eu' is an edge alone (role: edge)" in result.stderr
            assert "https://primary.example.com" in result.stderr
            assert "Traceback" not in result.stderr


@pytest.mark.usefixtures("home")
def test_what_looks_at_proxies_asks_the_cluster(run: Run, subtests: pytest.Subtests) -> None:
    lines = [line for command in sorted(LOOKS_AT_PROXIES) for line in NEEDS_CONTAINERS[command]]
    for line in [*lines, "status", "doctor"]:
        with subtests.test(line):
            result = called(run, line)
            assert result.exit_code == 1
            assert "edge alone" not in result.stdout + result.stderr
            assert "kubeconfig" in (result.stdout + result.stderr).lower()


def test_it_renders_and_keeps_every_rule(run: Run, home: Path) -> None:
    rendered = run("render", "--stack", STACK, "--out", str(home / "rendered"))
    assert rendered.exit_code == 0, rendered.stderr
    checked = run("policy", "check", "--stack", STACK)
    assert checked.exit_code == 0, checked.stdout + checked.stderr


@pytest.fixture
def cluster(home: Path) -> Any:
    with fake_cluster() as made:
        made.kubeconfig(home / "kubeconfig", STACK)
        made.add("v1", "Namespace", NAMESPACE)
        yield made


def test_a_whole_flagsmith_is_not_made_into_an_edge(run: Run, cluster: FakeCluster) -> None:
    """All that the edge does not have would be deleted: the database too."""
    api = DeclaredObject("apps/v1", "Deployment", names.API, 3)
    cluster.add("v1", "ConfigMap", names.DEPLOYMENT, data=written(Deployment(STACK, "2.265.0", (api,))))
    result = run("preview", "--engine", "direct", "--stack", STACK)
    assert result.exit_code == 1
    assert "has a whole Flagsmith, which would be deleted with its data" in result.stderr


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "START_SECONDS", 0.1)


def smoke(edge: Edge, key: str) -> dict[str, Any]:
    place = SmokeTarget(url=edge.url, environment_key=key, staleness=0, has_edge=True, is_edge=True)
    with visit(place) as visited:
        return {result.name: result for result in suite.run(visited, suite.chosen([]))}


@pytest.mark.usefixtures("impatient")
def test_smoke_asks_an_edge_alone_what_it_answers_and_nothing_else() -> None:
    paths = {"/api/v1/flags/", "/api/v1/identities/"}
    with serve(Edge(documents={"key": "key"}, is_reached=lambda path: path.partition("?")[0] in paths)) as edge:
        results = smoke(edge, "key")
    for name in ("flags", "identities", "wrong-key", "edge", "edge-documents"):
        assert results[name].outcome is CheckStatus.PASSED, results[name].detail
    asked = {name for name, result in results.items() if result.detail != "an edge alone answers nothing else"}
    assert asked == suite.OF_AN_EDGE
    for name in ("liveness", "readiness", "version", "ui", "log-in", "round-trip", "answers"):
        assert (results[name].outcome, results[name].detail) == (
            CheckStatus.SKIPPED,
            "an edge alone answers nothing else",
        )


@pytest.mark.usefixtures("impatient")
def test_smoke_fails_where_a_way_leads_to_the_documents() -> None:
    with serve(Edge(documents={"key": "key"})) as edge:
        assert smoke(edge, "key")["edge-documents"].outcome is CheckStatus.FAILED


@pytest.mark.usefixtures("impatient")
def test_smoke_by_an_address_alone_tests_an_edge_alone_when_that_is_said(run: Run) -> None:
    paths = {"/api/v1/flags/", "/api/v1/identities/"}
    with serve(Edge(documents={"key": "key"}, is_reached=lambda path: path.partition("?")[0] in paths)) as edge:
        line = ("smoke", "--url", edge.url, "-k", "key", "--json")
        shown = run(*line, "--edge-alone")
        found = {item["name"]: item for item in json.loads(shown.stdout)}
        asked = {name for name, item in found.items() if item["detail"] != "an edge alone answers nothing else"}
        assert asked == suite.OF_AN_EDGE
        assert found["flags"]["outcome"] == found["edge-documents"]["outcome"] == "passed"
        # Nothing is guessed: an API that is away would look the same.
        unsaid = run(*line)
        assert unsaid.exit_code == 1
        assert "add --edge-alone" in unsaid.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("--edge-alone",), "--edge-alone is for an address alone"),
        (("--edge-alone", "--url", "https://eu.example.com", "--stack", STACK), "--edge-alone is for an address alone"),
        (("--edge-alone", "--url", "https://eu.example.com"), "There is no key for this edge."),
        (("--edge-alone", "--url", "https://eu.example.com", "-k", "key", "-e", "production"), "knows no environment"),
    ],
)
def test_what_an_edge_alone_cannot_be_asked_for_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, line: tuple[str, ...], said: str
) -> None:
    monkeypatch.setenv("FLAGSMITH_API_KEY", "a.key")
    refused = run("smoke", *line)
    assert refused.exit_code == 1
    assert said in refused.stderr
