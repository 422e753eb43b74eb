"""What the API server would refuse, and what is protected, is found before anything is touched."""

from typing import Any

import pytest

from flagops.engines.direct.kept_data import refuse_empty, refuse_losses
from flagops.engines.direct.state import RecordedObject, StackRecord
from flagops.errors import OpsError
from flagops.evaluation.program import KubeObject, Program
from flagops.kubernetes.objects import Ref
from flagops.kubernetes.refusals import ApiError, ImmutableError
from tests.components.settings.support import settings

CLAIM = Ref("v1", "PersistentVolumeClaim", "flags", "flagsmith-postgres-data")
CLUSTER = Ref("postgresql.cnpg.io/v1", "Cluster", "flags", "flagsmith-pg")
BACKUPS = Ref("v1", "PersistentVolumeClaim", "flags", "flagsmith-backup-data")
SERVER = Ref("apps/v1", "StatefulSet", "flags", "flagsmith-postgres")


class Server:
    """An API server that answers every dry run with this."""

    def __init__(self, error: ApiError | None = None, there: tuple[Ref, ...] = ()) -> None:
        self.error, self.there = error, there

    def get(self, ref: Ref) -> dict[str, Any] | None:
        return {"kind": ref.kind, "metadata": {"name": ref.name}} if ref in self.there else None

    def apply(self, manifest: dict[str, Any], *, force: bool, dry_run: bool) -> dict[str, Any]:
        assert force
        assert dry_run
        if self.error:
            raise self.error
        return manifest


def item(ref: Ref, *, protect: bool = False) -> KubeObject:
    manifest = {"kind": ref.kind, "metadata": {"name": ref.name, "namespace": ref.namespace}, "spec": {}}
    return KubeObject(ref, manifest, (), frozenset(), protect=protect)


def refuse(server: Server, *items: KubeObject, state: StackRecord | None = None) -> None:
    program = Program("feature-flags", "test", items, {}, frozenset(), {})
    live = {one.ref: one.manifest for one in items}
    refuse_losses(server, program, live, state or StackRecord())  # type: ignore[arg-type]


def test_a_volume_whose_class_does_not_let_it_grow_is_refused_with_what_the_server_says() -> None:
    denied = ApiError(403, "Forbidden", "only dynamically provisioned pvc can be resized", "Cannot apply")
    with pytest.raises(OpsError, match="postgres-data cannot be changed so: only dynamically provisioned") as caught:
        refuse(Server(denied), item(CLAIM))
    assert "docs/backups.md" in str(caught.value.hint)


def test_a_protected_object_that_would_be_made_anew_is_refused_and_others_are_not_tried() -> None:
    immutable = ImmutableError(422, "Invalid", "updates to statefulset spec for fields other than", "Cannot apply")
    with pytest.raises(
        OpsError, match="StatefulSet flags/flagsmith-postgres would have to be deleted and created again"
    ):
        refuse(Server(immutable), item(SERVER, protect=True))
    refuse(Server(immutable), item(SERVER))  # it holds no data of its own


def test_what_is_wrong_with_an_object_for_another_reason_is_told_where_it_is_applied() -> None:
    refuse(Server(ApiError(400, "BadRequest", "no such field", "Cannot apply")), item(SERVER, protect=True))


def test_a_namespace_of_the_stacks_own_is_given_up_for_no_other_and_for_none() -> None:
    gone = StackRecord(entries=(RecordedObject(Ref("v1", "Namespace", "", "flags")),))
    with pytest.raises(OpsError, match="Namespace flags would be deleted with everything in it, and Namespace other"):
        refuse(Server(), item(Ref("v1", "Namespace", "", "other")), state=gone)
    with pytest.raises(OpsError, match=r"Namespace flags was made by this stack.*namespace\.create is false now"):
        refuse(Server(), item(SERVER), state=gone)


@pytest.mark.parametrize("ignored", [(), ("spec",)], ids=["the stack's own", "one of before that is kept"])
def test_a_cluster_of_before_may_be_larger_and_newer_than_its_successor(ignored: tuple[str, ...]) -> None:
    ref = Ref("postgresql.cnpg.io/v1", "Cluster", "flags", "flagsmith-pg")
    wanted = {"imageName": "pg:17.10-system-trixie", "storage": {"size": "20Gi"}}
    there = {"imageName": "pg:18.4-system-trixie", "storage": {"size": "50Gi"}, "walStorage": {"size": "10Gi"}}
    metadata = {"name": ref.name, "namespace": ref.namespace}
    manifest = {"kind": ref.kind, "metadata": metadata, "spec": wanted}
    existing = {**manifest, "spec": there, "status": {"pgDataImageInfo": {"majorVersion": 18}}}
    one = KubeObject(ref, manifest, (), frozenset(), protect=True, ignored=ignored)
    program = Program("feature-flags", "test", (one,), {}, frozenset(), {})
    if ignored:
        refuse_losses(Server(), program, {ref: existing}, StackRecord())  # type: ignore[arg-type]
        return
    with pytest.raises(OpsError) as caught:
        refuse_losses(Server(), program, {ref: existing}, StackRecord())  # type: ignore[arg-type]
    for reason in ("cannot shrink from 50Gi", "from its own volume", "cannot go back to PostgreSQL 17"):
        assert reason in str(caught.value)


@pytest.mark.parametrize(("had", "wanted"), [(CLAIM, CLUSTER), (CLUSTER, CLUSTER._replace(name="flagsmith-pg-2"))])
@pytest.mark.parametrize("retain", [False, True])
def test_a_database_that_another_one_takes_the_place_of_is_refused_while_it_is_there(
    had: Ref, wanted: Ref, *, retain: bool
) -> None:
    """Also one that stays in the cluster: Flagsmith would go on with an empty one."""
    state = StackRecord(entries=(RecordedObject(had, retain=retain), RecordedObject(BACKUPS)))
    with pytest.raises(OpsError, match=f"{had} holds a database of Flagsmith") as caught:
        refuse(Server(there=(had, BACKUPS)), item(wanted), state=state)
    assert "docs/backups.md#another-database" in str(caught.value.hint)
    refuse(Server(there=(BACKUPS,)), item(wanted), state=state)  # deleted by hand
    refuse(Server(there=(had, BACKUPS)), item(had), state=state)


def test_another_operator_s_cluster_is_no_database() -> None:
    other = Ref("cluster.x-k8s.io/v1beta1", "Cluster", "flags", "flagsmith-pg")
    refuse(Server(there=(other,)), item(SERVER), state=StackRecord(entries=(RecordedObject(other),)))


def test_a_mode_changed_by_hand_under_a_move_would_begin_empty_and_is_refused() -> None:
    values = settings(
        postgres={"mode": "cloudnativepg", "move": {"beside": "embedded", "step": "kept"}},
        namespace={"name": "flags", "quota": {"persistentVolumeClaims": 40}},
        apiVersions=["postgresql.cnpg.io/v1"],
    )
    with pytest.raises(OpsError, match=r"Nothing was changed\. postgres\.mode is cloudnativepg, whose database"):
        refuse_empty(Server(there=(CLAIM,)), values)  # type: ignore[arg-type]
    refuse_empty(Server(there=(CLAIM, CLUSTER)), values)  # type: ignore[arg-type]
    refuse_empty(Server(), values)  # type: ignore[arg-type]
