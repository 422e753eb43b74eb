"""Labels and annotations of the operator's own: on what they were asked for, beside the program's, in no selector."""

from typing import Any

import pytest

from tests.components.settings.support import refusal
from tests.recording import Recording
from tests.worlds.stacks import NAMES, jobs, servers, stack

OWN = {"labels": {"team.example.com/owner": "flags"}, "annotations": {"example.com/cost": "a b/c"}}
ASKED: dict[str, Any] = {
    kind: {
        "labels": {f"example.com/{kind}": "yes"},
        "annotations": {f"example.com/{kind}": "it is so"},
    }
    for kind in ("pods", "jobs", "serviceAccounts", "services")
}


def has(metadata: Any, kind: str) -> bool:
    """Whether an object has what was asked for its kind; half of it is an error."""
    found = [(metadata.get(part) or {}).get(f"example.com/{kind}") for part in ("labels", "annotations")]
    assert found in ([None, None], ["yes", "it is so"]), metadata
    return found[0] is not None


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_gets_its_own_and_no_other(name: str) -> None:
    found = stack(name, metadata=ASKED)
    for _, template in servers(found):
        assert has(template["metadata"], "pods")
        assert not has(template["metadata"], "jobs")
    for _, template in jobs(found):
        assert has(template["metadata"], "jobs")
        assert not has(template["metadata"], "pods")
    for kind, key in (("Service", "services"), ("ServiceAccount", "serviceAccounts")):
        assert found.all(kind)
        assert all(has(item["metadata"], key) for item in found.all(kind))
    others = [item for item in found.program.objects if item.ref.kind not in ("Service", "ServiceAccount")]
    assert not any(has(item.manifest["metadata"], key) for item in others for key in ASKED)


@pytest.mark.parametrize("name", NAMES)
def test_selectors_and_the_programs_own_stay_what_they_were(name: str) -> None:
    before, after = stack(name), stack(name, metadata=ASKED)
    assert selectors(before) == selectors(after)
    for (_, old), (_, new) in zip(servers(before), servers(after), strict=True):
        for part in ("labels", "annotations"):
            # A checksum is of generated values, which are new in each recording.
            kept = {key: value for key, value in old["metadata"][part].items() if not key.startswith("checksum/")}
            assert kept.items() <= new["metadata"][part].items()


def selectors(found: Recording) -> dict[str, Any]:
    """What each object selects, by its name."""
    return {
        f"{item.ref.kind}/{item.ref.name}": (item.manifest.get("spec") or {}).get("selector")
        for item in found.program.objects
        if item.ref.kind != "Job"
    }


def test_the_operator_of_a_cluster_hands_them_to_servers_and_poolers() -> None:
    found = stack("cloudnativepg", metadata=ASKED)
    assert has(found.all("Cluster")[0]["spec"]["inheritedMetadata"], "pods")
    assert has(found.all("Pooler")[0]["spec"]["template"]["metadata"], "pods")


def test_the_namespace_has_them_beside_pod_security() -> None:
    (namespace,) = stack("production", namespace=OWN).all("Namespace")
    assert (
        namespace["metadata"]["labels"].items()
        >= {**OWN["labels"], "pod-security.kubernetes.io/enforce": "restricted"}.items()
    )
    assert namespace["metadata"]["annotations"] == OWN["annotations"]


@pytest.mark.parametrize(
    "key",
    [
        "app.kubernetes.io/name",
        "pod-security.kubernetes.io/enforce",
        "pod-template-hash",
        "feature-flags/client",
        "pulumi.com/skipAwait",
        "checksum/flagsmith-database",
        "cnpg.io/cluster",
    ],
)
def test_what_is_the_programs_own_is_refused(key: str) -> None:
    for kind in ("labels", "annotations"):
        (line,) = refusal(metadata={"pods": {kind: {key: "x"}}})
        assert line.endswith("is set by the program or by Kubernetes itself: remove the key")
        (line,) = refusal(namespace={kind: {key: "x"}})
        assert line.endswith("is set by the program or by Kubernetes itself: remove the key")


def test_what_kubernetes_refuses_is_refused() -> None:
    assert refusal(metadata={"pods": {"labels": {"a/b/c": "x"}}})
    assert refusal(metadata={"services": {"labels": {"a": "not a value"}}})
    assert refusal(metadata={"jobs": {"labels": {"a": "x" * 64}}})
    large = {f"example.com/{number}": "x" * 100_000 for number in range(3)}
    (line,) = refusal(metadata={"serviceAccounts": {"annotations": large}})
    assert "must have at most 262144 bytes in all" in line
