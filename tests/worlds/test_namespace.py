"""A namespace that the platform team made: nothing of it is made, changed or deleted, and what it lacks is said."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.deployment.given_namespace import warnings
from components.deployment.recorded import read
from components.kit import names
from components.settings import Settings
from flagops.engines.direct.api import DirectEngine
from flagops.errors import OpsError, RefusedError
from flagops.evaluation import monitor
from tests.components.settings.support import refusal, settings
from tests.fake_cluster import NAMESPACE, FakeCluster, fake_cluster
from tests.platform import Platform
from tests.recording import ROOT, pod_templates, recorded, run
from tests.worlds.stacks import NAMES, stack

GIVEN: dict[str, Any] = {"namespace": {"name": NAMESPACE, "create": False}}
UID = "theirs"


@pytest.mark.parametrize("name", NAMES)
def test_everything_is_in_it_and_nothing_of_it_is_made(name: str) -> None:
    found = stack(name, **GIVEN)
    kinds = {item.ref.kind for item in found.program.objects}
    assert not kinds & {"Namespace", "ResourceQuota", "LimitRange"}
    assert {item.ref.namespace for item in found.program.objects} == {NAMESPACE}
    before = {item.ref for item in stack(name).program.objects}
    assert {ref.kind for ref in before - {item.ref for item in found.program.objects}} >= {"Namespace"}
    record = read(found.one("ConfigMap", names.DEPLOYMENT)["data"])
    assert record is not None
    assert "Namespace" not in {item.kind for item in record.objects}
    assert len(record.objects) == len(found.program.objects) - 1


def test_what_belongs_to_whoever_made_it_is_refused() -> None:
    for key, value in {
        "labels": {"istio-injection": "enabled"},
        "annotations": {"example.com/a": "b"},
        "quota": {"enabled": False},
        "limitRange": {"max": {"cpu": "8", "memory": "32Gi"}},
    }.items():
        (line,) = refusal(namespace={"name": "flags", "create": False, key: value})
        assert line == (
            f"feature-flags:namespace.{key}: has no effect, because namespace.create is false: whoever made the "
            "namespace sets it. Remove the key"
        )


def said(found: Settings, answers: Mapping[str, Any]) -> list[str]:
    return list(warnings(found, lambda path: answers.get(path.removeprefix(f"/api/v1/namespaces/{NAMESPACE}"))))


def test_what_it_lacks_and_what_is_too_little_is_said() -> None:
    found = settings(**GIVEN, size="large")
    place = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}}
    enough = {"pods": "300", "requests.cpu": "64", "limits.memory": "1Ti", "count/secrets": "3"}
    answers: dict[str, Any] = {
        "": place,
        "/resourcequotas": {"items": [{"metadata": {"name": "team"}, "spec": {"hard": enough}}]},
        "/limitranges": {
            "items": [{"metadata": {"name": "team"}, "spec": {"limits": [{"type": "Container", "max": {"cpu": "64"}}]}}]
        },
    }
    assert said(found, answers) == []
    assert said(found, {}) == []
    answers[""] = {"metadata": {}}
    assert "pod-security.kubernetes.io/enforce: restricted" in said(found, answers)[0]
    short = {"cpu": "1", "limits.memory": "1Gi", "pods": "3", "persistentvolumeclaims": "0"}
    answers |= {
        "": place,
        "/resourcequotas": {
            "items": [
                {"metadata": {"name": "team"}, "spec": {"hard": short}},
                {"metadata": {"name": "scoped"}, "spec": {"hard": short, "scopes": ["BestEffort"]}},
            ]
        },
        "/limitranges": {
            "items": [
                {
                    "metadata": {"name": "team"},
                    "spec": {
                        "limits": [{"type": "Container", "max": {"cpu": "100m", "memory": "64Mi"}}, {"type": "Pod"}]
                    },
                }
            ]
        },
    }
    lines = said(found, answers)
    assert [line.split(" allows ")[0] for line in lines] == ["The ResourceQuota team"] * 4 + ["The LimitRange team"] * 2
    assert [line.split(" allows ")[1].split(",")[0] for line in lines] == [
        *("cpu 1", "limits.memory 1Gi", "pods 3", "persistentvolumeclaims 0"),
        *("a container cpu 100m", "a container memory 64Mi"),
    ]


def test_pods_of_others_that_the_network_policies_would_cut_off_are_named() -> None:
    def pod(name: str, phase: str = "Running", **labels: str) -> dict[str, Any]:
        return {"metadata": {"name": name, "labels": labels}, "status": {"phase": phase}}

    own = [
        {"metadata": {"name": pod_name, "labels": template["metadata"]["labels"]}}
        for pod_name, template in pod_templates(recorded("production"))
    ]
    made = [
        pod("flagsmith-pg-1", **{"cnpg.io/cluster": "flagsmith-pg"}),
        pod("pooler", **{"cnpg.io/poolerName": "flagsmith-pg-pooler"}),
        pod("cm-acme-http-solver-x", **{"acme.cert-manager.io/http01-solver": "true"}),
        pod("ended", "Succeeded"),
    ]
    isolated = settings(**GIVEN, networkPolicy={"enabled": True, "ingressNamespace": "traefik"})
    assert said(isolated, {"/pods": {"items": [*own, *made]}}) == []
    theirs = {"/pods": {"items": [*own, *made, *(pod(f"orders-{number}") for number in range(7))]}}
    (line,) = said(isolated, theirs)
    assert "pods that are not the stack's: orders-0, orders-1, orders-2, orders-3, orders-4 and 2 more." in line
    assert "networkPolicy.enabled" in line
    assert said(settings(**GIVEN, networkPolicy={"enabled": False}), theirs) == []


def test_an_edge_beside_its_primary_needs_the_label_that_lets_it_in() -> None:
    edge = {
        "role": "edge",
        "edge": {
            "enabled": True,
            "existingSecret": "keys",
            "primary": {"url": "http://flagsmith.feature-flags.svc.cluster.local:8000"},
        },
    }
    found = settings(**GIVEN, **edge)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    (line,) = said(found, {"": {"metadata": {"labels": labels}}})
    assert 'feature-flags/client: "true"' in line
    assert said(found, {"": {"metadata": {"labels": {**labels, "feature-flags/client": "true"}}}}) == []


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCluster]:
    """A cluster with the namespace, whose uid the program reads, as with the Pulumi CLI."""
    declared = run("local", GIVEN, generated=recorded("local").program.generated).program.objects
    read_it = monitor.RecordingMonitor.ReadResource

    def with_uid(self: monitor.RecordingMonitor, request: Any) -> Any:
        answer = read_it(self, request)
        answer.properties["metadata"].update({"uid": UID})
        return answer

    monkeypatch.setattr(monitor.RecordingMonitor, "ReadResource", with_uid)
    with fake_cluster() as cluster:
        path = cluster.kubeconfig(tmp_path / "kubeconfig", "flagsmith-local")
        monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))
        cluster.add("v1", "Namespace", NAMESPACE, uid=UID)
        for item in declared:
            cluster.add(item.ref.api_version, item.ref.kind, item.ref.name)
        yield cluster


@pytest.mark.usefixtures("asked")
def test_the_program_asks_what_the_namespace_allows() -> None:
    found = run("local", GIVEN, generated=recorded("local").program.generated)
    assert [line for line in found.program.warnings if "pod-security.kubernetes.io/enforce" in line]


def test_a_namespace_of_the_stacks_own_is_not_given_up(asked: FakeCluster) -> None:
    own = recorded("local").one("ConfigMap", names.DEPLOYMENT)
    asked.add("v1", "ConfigMap", names.DEPLOYMENT, data=own["data"])
    with pytest.raises(OpsError, match="was made by this stack, and would be deleted with everything in it"):
        run("local", GIVEN, generated=recorded("local").program.generated)


@pytest.mark.cluster
def test_the_direct_engine_deploys_to_it_and_leaves_it(platform: Platform) -> None:
    """Not there: refused before anything; there: deployed, seen by `ff`, and still there when the stack is gone."""
    name = "given-by-the-platform-team"
    given = replace(platform.stack({"namespace": {"name": name, "create": False}, "service": {}}), name="given")
    engine = DirectEngine(ROOT, given, platform.cluster.kubeconfig, platform.cluster.context)
    with pytest.raises(RefusedError, match=f"There is no namespace '{name}' in context"):
        engine.preview()
    body = {"metadata": {"name": name, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    platform.http.post("/api/v1/namespaces", json=body).raise_for_status()
    try:
        uid = platform.get(f"/api/v1/namespaces/{name}")["metadata"]["uid"]
        result = engine.up()
        assert result.created
        assert "Namespace" not in {ref.kind for ref in result.created}
        assert engine.up().created == ()
        assert "Namespace" not in {ref.kind for ref in engine.down().deleted}
        assert platform.get(f"/api/v1/namespaces/{name}")["metadata"]["uid"] == uid
        assert platform.items(f"/apis/apps/v1/namespaces/{name}/deployments") == []
    finally:
        try:
            engine.down()
        finally:
            platform.http.delete(f"/api/v1/namespaces/{name}").raise_for_status()


@pytest.mark.cluster
def test_the_direct_engine_does_not_give_up_a_namespace_of_its_own(platform: Platform) -> None:
    platform.ensure()
    with pytest.raises(RefusedError, match="was made by this stack, and would be deleted with everything in it"):
        platform.engine(GIVEN).preview()
