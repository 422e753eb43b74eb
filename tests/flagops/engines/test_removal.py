"""What a removal says of what the program wants kept."""

from threading import Event as Flag
from typing import Any

import pytest

from flagops.engines.direct.removal import remove
from flagops.engines.direct.state import RecordedObject
from flagops.engines.events import Event
from flagops.kubernetes.objects import Ref

NAMESPACE = Ref("v1", "Namespace", "", "feature-flags")
CLUSTER = Ref("postgresql.cnpg.io/v1", "Cluster", "feature-flags", "flagsmith-pg")


class Gone:
    """A cluster in which nothing is left."""

    def get(self, _: Ref) -> None:
        return None


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([RecordedObject(CLUSTER, (), False, True)], "kept, as the program asked"),
        (
            [RecordedObject(CLUSTER, (NAMESPACE,), False, True), RecordedObject(NAMESPACE, (), False, False)],
            "goes with its namespace, and its data with it",
        ),
        (
            [RecordedObject(CLUSTER, (NAMESPACE,), False, True), RecordedObject(NAMESPACE, (), False, True)],
            "kept, as the program asked",
        ),
    ],
    ids=["it alone", "with its namespace", "with a namespace that stays"],
)
def test_a_cluster_stays_unless_its_namespace_goes(entries: list[RecordedObject], said: str) -> None:
    events: list[Event] = []
    client: Any = Gone()
    remove(client, entries, events.append, Flag())
    assert [event.message for event in events if event.resource == "flagsmith-pg"] == [said]


class Deleting:
    """A cluster in which everything is there until it is deleted; it notes whose dependents are to go first."""

    def __init__(self) -> None:
        self.first: dict[str, bool] = {}

    def get(self, ref: Ref) -> dict[str, Any] | None:
        return None if ref.kind in self.first else {"metadata": {"uid": ref.kind}}

    def delete(self, ref: Ref, *, uid: str, dependents_first: bool) -> None:
        assert uid == ref.kind
        self.first[ref.kind] = dependents_first


def test_what_owns_nothing_is_deleted_at_once_and_of_the_rest_what_it_owns_goes_first() -> None:
    kinds = {
        **dict.fromkeys(("ConfigMap", "Secret", "Role", "RoleBinding", "ResourceQuota", "LimitRange"), False),
        **dict.fromkeys(("PersistentVolumeClaim", "NetworkPolicy", "PodDisruptionBudget"), False),
        "HorizontalPodAutoscaler": False,
        **dict.fromkeys(("Deployment", "StatefulSet", "Job", "CronJob", "Service", "ExternalSecret"), True),
        **dict.fromkeys(("Ingress", "ServiceAccount"), True),
    }
    entries = [RecordedObject(Ref("v1", kind, "feature-flags", "some"), (), False, False) for kind in kinds]
    client: Any = Deleting()
    assert not remove(client, entries, lambda _: None, Flag()).failures
    assert client.first == kinds
