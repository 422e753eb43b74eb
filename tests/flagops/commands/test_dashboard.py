"""`ff dashboard`: the cluster's Grafana is found, a port forwarded to it, the browser opened at the dashboard."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import typer
from typer.testing import Result

from components.monitoring.dashboards.model import Dashboard, config_map_name, uid
from components.settings.sections.monitoring.dashboards import DashboardsSettings, GrafanaService
from flagops.commands.dashboard import grafana
from flagops.errors import OpsError
from flagops.kubernetes.objects import Ref
from flagops.stacks.deployed import Instance
from tests.containers import GRAFANA_NAMESPACE, Containers
from tests.fixtures_cluster import eventually
from tests.servers import LOOPBACK

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]
LABELS = {"app.kubernetes.io/name": "grafana"}


@pytest.fixture
def asked(containers: Containers) -> Iterator[list[str]]:
    """The paths that are asked of what stands for Grafana."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((LOOPBACK, containers.grafana_port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield paths
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def service(name: str, **spec: object) -> dict[str, Any]:
    ports = [{"name": "http-web", "port": 80, "targetPort": "grafana", "protocol": "TCP"}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": GRAFANA_NAMESPACE, "labels": LABELS},
        "spec": {"selector": LABELS, "ports": ports, **spec},
    }


@contextmanager
def applied(instance: Instance, *manifests: dict[str, Any]) -> Iterator[None]:
    refs = [Ref.of(instance.client.apply(manifest, force=True)) for manifest in manifests]
    try:
        yield
    finally:
        for ref in reversed(refs):
            instance.client.delete(ref)

        def they_are_gone() -> bool:
            return not any(instance.client.get(ref) for ref in refs)

        eventually(they_are_gone)


@pytest.fixture
def installed(instance: Instance) -> Iterator[None]:
    """A Grafana as its chart installs it: a Service and a headless one, before one pod."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": GRAFANA_NAMESPACE}}
    instance.client.apply(namespace, force=True)
    container = {"name": "grafana", "image": "grafana:1", "ports": [{"name": "grafana", "containerPort": 3000}]}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "grafana-0", "namespace": GRAFANA_NAMESPACE, "labels": LABELS},
        "spec": {"containers": [container], "automountServiceAccountToken": False},
    }
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": GRAFANA_NAMESPACE},
    }
    instance.client.apply(account, force=True)
    with applied(instance, pod, service("monitoring-grafana"), service("grafana-headless", clusterIP="None")):

        def it_is_ready() -> bool:
            try:
                return bool(grafana.find(instance).pod())
            except OpsError:
                return False

        eventually(it_is_ready)
        yield


@pytest.fixture
def deployed_dashboard(instance: Instance) -> Iterator[None]:
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": config_map_name(Dashboard.DATA), "namespace": instance.namespace},
    }
    with applied(instance, manifest):
        yield


@pytest.mark.usefixtures("installed", "deployed_dashboard")
def test_the_browser_is_opened_at_the_dashboard_through_a_forwarded_port(
    instance: Instance, asked: list[str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_and_interrupt(url: str) -> None:
        assert httpx.get(url, timeout=30).is_success
        raise KeyboardInterrupt

    monkeypatch.setattr(typer, "launch", open_and_interrupt)
    shown = run("dashboard", "data", "--port", "0", "--stack", instance.stack.name)
    assert asked == [f"/d/{uid(Dashboard.DATA, instance.namespace)}"]
    assert "observability/monitoring-grafana" in shown.stderr
    assert shown.stdout.strip().endswith(asked[0])


@pytest.mark.usefixtures("installed", "deployed_dashboard", "asked")
def test_the_address_alone_opens_nothing(instance: Instance, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    opened: list[str] = []
    monkeypatch.setattr(typer, "launch", opened.append)
    monkeypatch.setattr("flagops.commands.dashboard.command.wait_for_interrupt", interrupt)
    shown = run("dashboard", "data", "--print-url", "--port", "0", "--stack", instance.stack.name)
    assert shown.stdout.startswith(f"http://{LOOPBACK}:")
    assert opened == []


@pytest.mark.usefixtures("deployed_dashboard")
def test_without_a_grafana_it_is_said_what_is_looked_for(instance: Instance, run: Run) -> None:
    shown = run("dashboard", "data", "--stack", instance.stack.name)
    assert shown.exit_code == 1
    assert "There is no Grafana" in shown.stderr
    assert "app.kubernetes.io/name=grafana" in shown.stderr
    assert "monitoring.dashboards.grafana" in shown.stderr


@pytest.mark.usefixtures("installed")
def test_a_dashboard_that_is_not_deployed_is_named(instance: Instance, run: Run) -> None:
    shown = run("dashboard", "flags", "--stack", instance.stack.name)
    assert shown.exit_code == 1
    assert "feature-flags/flagsmith-dashboard-flags" in shown.stderr
    assert "monitoring.dashboards.enabled" in shown.stderr


@pytest.mark.usefixtures("installed")
def test_of_several_grafanas_one_must_be_named(instance: Instance) -> None:
    with applied(instance, service("second")):
        with pytest.raises(OpsError, match=r"several Grafanas in context .*: observability/monitoring-grafana, obs"):
            grafana.find(instance)
        named = GrafanaService(namespace=GRAFANA_NAMESPACE, service="second")
        found = grafana.find(_with(instance, named))
        assert found.name == "observability/second"
        assert found.pod_port(found.pod()) == 3000


@pytest.mark.usefixtures("installed")
def test_a_named_service_that_is_not_there_or_has_no_such_port_is_refused(instance: Instance) -> None:
    with pytest.raises(OpsError, match="no Service observability/other"):
        grafana.find(_with(instance, GrafanaService(namespace=GRAFANA_NAMESPACE, service="other")))
    named = GrafanaService(namespace=GRAFANA_NAMESPACE, service="monitoring-grafana", port=3000)
    found = grafana.find(_with(instance, named))
    with pytest.raises(OpsError, match=r"port 3000 of the Service .*; the Service has: 80"):
        found.pod_port(found.pod())


def _with(instance: Instance, named: GrafanaService) -> Instance:
    monitoring = instance.settings.monitoring.model_copy(update={"dashboards": DashboardsSettings(grafana=named)})
    return replace(instance, settings=instance.settings.model_copy(update={"monitoring": monitoring}))


def test_every_dashboard_can_be_named(run: Run) -> None:
    shown = run("dashboard", "--help").stdout
    assert all(which.value in shown for which in Dashboard)
