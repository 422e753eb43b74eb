"""The Cluster that tests of CloudNativePG's operator share, and what they ask of it."""

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any, Final

from tests.cloudnative_pg import GROUP, Operator
from tests.fixtures_cluster import eventually

NAME: Final = "pg"
IMAGE, NEWER_IMAGE = ("ghcr.io/cloudnative-pg/postgresql:17.5", "ghcr.io/cloudnative-pg/postgresql:17.6")
HEALTHY: Final = "Cluster in healthy state"
CREATE_SECONDS: Final = 60


def cluster(name: str = NAME, **spec: Any) -> dict[str, Any]:
    storage = {"storageClass": "standard", "size": "1Gi"}
    common = {"instances": 1, "imageName": IMAGE, "storage": storage, "primaryUpdateMethod": "restart"}
    kind = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster"}
    return {**kind, "metadata": {"name": name, "namespace": "data-tier"}, "spec": {**common, **spec}}


def pooler(name: str, **parameters: str) -> dict[str, Any]:
    kind = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Pooler"}
    pgbouncer = {"poolMode": "transaction", "parameters": parameters}
    spec = {"cluster": {"name": NAME}, "type": "rw", "instances": 2, "pgbouncer": pgbouncer}
    return {**kind, "metadata": {"name": name, "namespace": "data-tier"}, "spec": spec}


def settle(cnpg: Operator, holds: Callable[[Mapping[str, Any], Mapping[str, Any]], bool]) -> None:
    """Wait until it holds of the healthy Cluster and its instances."""

    def the_cluster_has_settled() -> bool:
        found, instances = cnpg.cluster(NAME), cnpg.instances(NAME)
        is_well = found["status"].get("phase") == HEALTHY and all(is_ready(pod) for pod in instances.values())
        return is_well and holds(found, instances)

    eventually(the_cluster_has_settled, seconds=CREATE_SECONDS)


def make(cnpg: Operator, **spec: Any) -> None:
    cnpg.apply(cluster(**spec))

    def the_cluster_is_seen() -> bool:
        return (cnpg.namespace, NAME) in cnpg.managers.clusters.items

    eventually(the_cluster_is_seen)


def is_ready(item: Mapping[str, Any]) -> bool:
    conditions = item["status"].get("conditions", ())
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def image(pod: Mapping[str, Any]) -> str:
    return str(pod["spec"]["containers"][0]["image"])


def phases(states: Iterable[Mapping[str, Any]]) -> list[str]:
    """The phases without repetitions."""
    found = [state["status"]["phase"] for state in states if state["status"].get("phase")]
    return [phase for phase, _ in groupby(found)]


def claims(cnpg: Operator) -> set[str]:
    found = cnpg.items("persistentvolumeclaims", **{"cnpg.io/cluster": NAME})
    return {item["metadata"]["name"] for item in found}


def budgets(cnpg: Operator) -> set[str]:
    found = cnpg.items("poddisruptionbudgets", "/apis/policy/v1")
    return {item["metadata"]["name"] for item in found}


def uids(instances: Mapping[str, Mapping[str, Any]]) -> set[str]:
    return {pod["metadata"]["uid"] for pod in instances.values()}


def pooler_status(cnpg: Operator, name: str) -> dict[str, Any]:
    found = cnpg.platform.get(f"{GROUP}/namespaces/{cnpg.namespace}/poolers/{name}")
    return dict(found.get("status", {}))
