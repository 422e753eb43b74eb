"""What the program knows of its cluster's custom resources, and that a cluster which is away is not one without."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pulumi
import pytest
import yaml

from components.kit.capabilities import Capabilities, discover, find
from components.settings import parse
from flagops.local_cluster.api import LocalCluster
from tests.fixtures_cluster import eventually
from tests.servers import free_port

PODMONITOR = {"kind": "PodMonitor", "name": "podmonitors"}


def settings(**values: object) -> Any:
    minimal = {"host": "flags.example.com", "context": "here", "ingress": {"enabled": False}}
    return parse({**minimal, **values})


def test_a_version_stands_for_all_of_its_kinds_and_a_kind_for_itself() -> None:
    served = Capabilities(lambda: ["cert-manager.io/v1", "monitoring.coreos.com/v1/PodMonitor"])
    assert served.serves("cert-manager.io/v1", "Certificate")
    assert served.serves("monitoring.coreos.com/v1", "PodMonitor")
    assert not served.serves("monitoring.coreos.com/v1", "PrometheusRule")
    assert not served.serves("cert-manager.io/v2", "Certificate")


def test_only_wanted_kinds_that_are_served_are_found() -> None:
    answers: Mapping[str, Any] = {
        "/apis/monitoring.coreos.com/v1": {"resources": [PODMONITOR, {"kind": "Prometheus", "name": "prometheuses"}]}
    }
    assert discover(answers.get) == ("monitoring.coreos.com/v1/PodMonitor",)


def test_what_the_settings_state_is_not_asked_for() -> None:
    assert find(settings(apiVersions=[])).served == frozenset()
    assert find(settings(apiVersions=["cert-manager.io/v1"])).serves("cert-manager.io/v1", "Certificate")


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kubeconfig whose cluster does not answer."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{free_port()}"}}],
        "users": [{"name": "u", "user": {"token": "only-for-tests"}}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config), encoding="utf-8")
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "kubeconfig"))


@pytest.mark.usefixtures("away")
def test_a_cluster_that_does_not_answer_is_an_error_and_not_one_without_operators() -> None:
    found = find(settings())
    with pytest.raises(pulumi.RunError, match="context 'here' cannot be asked which custom resources it serves") as e:
        found.serves("monitoring.coreos.com/v1", "PodMonitor")
    assert "only-for-tests" not in str(e.value)


@pytest.mark.usefixtures("away")
def test_a_context_that_is_not_there_is_an_error() -> None:
    with pytest.raises(pulumi.RunError, match="context 'elsewhere' cannot be asked"):
        find(settings(context="elsewhere")).serves("monitoring.coreos.com/v1", "PodMonitor")


@pytest.mark.cluster
def test_a_running_cluster_says_what_it_serves(
    cluster: LocalCluster, platform: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(cluster.kubeconfig))
    here = settings(context=cluster.context)
    assert find(here).served == frozenset()
    http: httpx.Client = platform.http
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "Certificate", "plural": "certificates"}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": "certificates.cert-manager.io",
            "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
        },
        "spec": {"group": "cert-manager.io", "scope": "Namespaced", "names": names, "versions": [version]},
    }
    http.post(path, json=definition).raise_for_status()
    try:

        def the_certificates_are_found() -> bool:
            return find(here).serves("cert-manager.io/v1", "Certificate")

        eventually(the_certificates_are_found)
    finally:
        http.delete(f"{path}/certificates.cert-manager.io").raise_for_status()
