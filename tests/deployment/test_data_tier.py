"""The stack on a Cluster of CloudNativePG, with its real operator: deployed, changed, and not lost."""

from collections.abc import Iterator, Mapping
from typing import Any
from unittest import mock

import pytest

from flagops.errors import RefusedError
from flagops.kubernetes import awaiting
from tests.cloudnative_pg import GROUP, OWN, Operator
from tests.fixtures_cluster import eventually
from tests.platform import NAMESPACE, Platform

pytestmark = pytest.mark.cluster
CLUSTER = "flagsmith-pg"
OTHER_VERSION = "17.9"


def clustered(cluster: Mapping[str, Any] | None = None, **postgres: Any) -> dict[str, Any]:
    """Settings of a stack with three servers and a pooler."""
    wanted = {"instances": 3, "pooler": {"enabled": True}, **(cluster or {})}
    return {"postgres": {"mode": "cloudnativepg", "cluster": wanted, **postgres}}


@pytest.fixture(scope="module")
def stack(cnpg: Operator) -> Iterator[Platform]:
    """The stack as it was deployed; in the end nothing of it is left that the operator looks after."""
    remove_the_embedded_database(cnpg.platform)
    with mock.patch.object(awaiting, "STEADY_SECONDS", 0.0):  # what is new was nothing before that it could still say
        cnpg.platform.up(clustered())
    try:
        yield cnpg.platform
    finally:
        for plural in OWN:
            cnpg.http.delete(f"{GROUP}/namespaces/{NAMESPACE}/{plural}").raise_for_status()

        def nothing_of_the_cluster_is_left() -> bool:
            labels = {"cnpg.io/cluster": CLUSTER}
            kinds = ("pods", "persistentvolumeclaims")
            return not any(cnpg.platform.items(f"/api/v1/namespaces/{NAMESPACE}/{kind}", **labels) for kind in kinds)

        eventually(nothing_of_the_cluster_is_left)
        # The volume of its backups is larger than others have it, and cannot shrink.
        cnpg.platform.engine(clustered()).down(unprotect=True)


def remove_the_embedded_database(stack: Platform) -> None:
    """By hand, as docs/backups.md has it, if other tests have left one: another mode is refused before."""
    claims = f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims"
    for path in (
        f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets/flagsmith-postgres",
        f"{claims}/flagsmith-postgres-data",
    ):
        assert stack.http.delete(path).status_code in (200, 202, 404)

    def it_is_gone() -> bool:
        return "flagsmith-postgres-data" not in {item["metadata"]["name"] for item in stack.items(claims)}

    eventually(it_is_gone)


def status(stack: Platform) -> dict[str, Any]:
    return dict(stack.get(f"{GROUP}/namespaces/{NAMESPACE}/clusters/{CLUSTER}")["status"])


def servers(stack: Platform) -> list[dict[str, Any]]:
    labels = {"cnpg.io/cluster": CLUSTER, "cnpg.io/podRole": "instance"}
    return stack.items(f"/api/v1/namespaces/{NAMESPACE}/pods", **labels)


def uid(stack: Platform) -> str:
    return str(stack.get(f"{GROUP}/namespaces/{NAMESPACE}/clusters/{CLUSTER}")["metadata"]["uid"])


def test_the_stack_comes_up_in_a_namespace_that_enforces_restricted(stack: Platform) -> None:
    labels = stack.get(f"/api/v1/namespaces/{NAMESPACE}")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert status(stack)["phase"] == "Cluster in healthy state"
    assert len(servers(stack)) == 3
    poolers = stack.items(f"{GROUP}/namespaces/{NAMESPACE}/poolers")
    assert [item["status"]["phase"] for item in poolers] == ["active"]
    assert stack.available() == 3


def test_a_second_run_changes_nothing_though_the_operator_has_written_its_defaults(stack: Platform) -> None:
    stack.ensure(clustered())
    result = stack.up(clustered())
    assert not result.changed, (result.updated, result.replaced, result.created, result.deleted)


def test_smaller_volumes_are_refused_before_anything_is_touched(stack: Platform) -> None:
    versions = stack.versions()
    with pytest.raises(RefusedError, match=r"Cluster feature-flags/flagsmith-pg .*cannot shrink"):
        stack.up(clustered(storage={"size": "1Gi"}))
    assert stack.versions() == versions


@pytest.mark.parametrize(
    "other",
    [{"postgres": {"mode": "embedded"}}, clustered({"name": "flagsmith-pg-2"})],
    ids=["mode", "name"],
)
def test_another_mode_or_name_which_begins_empty_is_refused_before_anything_is_touched(
    stack: Platform, other: dict[str, Any]
) -> None:
    stack.ensure(clustered())
    versions, had = stack.versions(), uid(stack)
    with pytest.raises(RefusedError, match="feature-flags/flagsmith-pg holds a database of Flagsmith") as caught:
        stack.up(other)
    assert "docs/backups.md#another-database" in str(caught.value.hint)
    assert (stack.versions(), uid(stack)) == (versions, had)


def test_a_protected_cluster_is_neither_left_out_nor_taken_down(stack: Platform) -> None:
    stack.up({**clustered(), "protect": True})
    had = uid(stack)
    with pytest.raises(RefusedError, match=r"protected.*Cluster feature-flags/flagsmith-pg"):
        stack.up({"postgres": {"mode": "embedded"}, "protect": True})
    with pytest.raises(RefusedError, match=r"(?s)protected:.*Cluster feature-flags/flagsmith-pg"):
        stack.engine({**clustered(), "protect": True}).down()
    assert uid(stack) == had


def test_another_number_of_servers_parameters_and_image_come_in_place_and_are_waited_for(stack: Platform) -> None:
    had = uid(stack)
    stack.up(clustered({"instances": 2, "parameters": {"work_mem": "8MB"}}))
    assert len(servers(stack)) == status(stack)["readyInstances"] == 2
    stack.up(clustered({"instances": 2, "parameters": {"work_mem": "8MB"}, "version": OTHER_VERSION}))
    assert [OTHER_VERSION in item["spec"]["containers"][0]["image"] for item in servers(stack)] == [True, True]
    stack.up(clustered())
    assert len(servers(stack)) == status(stack)["readyInstances"] == 3
    assert not any(OTHER_VERSION in item["spec"]["containers"][0]["image"] for item in servers(stack))
    assert uid(stack) == had
    stack.engine(clustered()).check_down()  # What the test before protected is no longer so.
