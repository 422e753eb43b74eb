from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components.deployment.kept_data import HOLDS_DATA
from flagops.engines.direct.guard import (
    refuse_foreign,
    refuse_protected,
    refuse_protected_removals,
    renewed_namespaces,
    rival_managers,
)
from flagops.engines.direct.state import RecordedObject, StackRecord
from flagops.errors import OpsError
from flagops.evaluation.program import KubeObject, Program
from flagops.kubernetes.lease import is_abandoned, object_name
from flagops.kubernetes.objects import Ref

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def ref(name: str, version: str = "v1") -> Ref:
    return Ref(version, "ConfigMap", "n", name)


def program(*names: str, generated: dict[str, str] | None = None) -> Program:
    objects = tuple(KubeObject(ref(name), {}, (), frozenset()) for name in names)
    return Program("p", "s", objects, generated or {}, frozenset(), {})


def managed(*managers: tuple[str, str, str]) -> dict[str, Any]:
    entries = [{"manager": m, "operation": o, "fieldsV1": {field: {}}} for m, o, field in managers]
    return {"metadata": {"managedFields": entries}}


def test_old_and_new_are_on_record_before_a_run_and_only_the_new_after() -> None:
    old = StackRecord({"kept": "1", "gone": "2"}, (RecordedObject(ref("a")), RecordedObject(ref("b"))))
    wanted = program("b", "c", generated={"kept": "1", "new": "3"})
    before = old.before(wanted)
    assert [entry.ref.name for entry in before.entries] == ["b", "c", "a"]
    assert before.generated == {"kept": "1", "gone": "2", "new": "3"}
    after = before.after(wanted, {"n": "uid"})
    assert [entry.ref.name for entry in after.entries] == ["b", "c"]
    assert after.generated == {"kept": "1", "new": "3"}
    assert after.namespaces == {"n": "uid"}


def test_an_object_in_a_newer_version_of_its_api_is_the_same_object() -> None:
    old = StackRecord(entries=(RecordedObject(ref("a", "v1beta1")),))
    assert old.left_by(program("a")) == ()


def test_a_protected_object_that_left_the_program_is_refused() -> None:
    old = StackRecord(entries=(RecordedObject(ref("a"), protect=True), RecordedObject(ref("b"))))
    refuse_protected_removals(old, program("a"))
    with pytest.raises(OpsError, match="ConfigMap n/a"):
        refuse_protected_removals(old, program("b"))


def test_down_lists_every_protected_object_and_how_to_go_on() -> None:
    entries = (RecordedObject(ref("a"), protect=True), RecordedObject(ref("b")), RecordedObject(ref("c"), protect=True))
    with pytest.raises(OpsError, match=r"ConfigMap n/a\n  ConfigMap n/c$") as caught:
        refuse_protected(entries, "sample")
    assert "protect: false" in (caught.value.hint or "")
    refuse_protected(entries[1:2], "sample")


def test_a_namespace_that_is_gone_or_another_one_is_warned_of() -> None:
    namespace = Ref("v1", "Namespace", "", "n")
    state = StackRecord(namespaces={"n": "uid"})
    same: dict[str, Any] = {"metadata": {"uid": "uid"}}
    other: dict[str, Any] = {"metadata": {"uid": "another"}}
    assert renewed_namespaces(state, {namespace: same, ref("a"): None}) == ()
    assert renewed_namespaces(StackRecord(), {namespace: None}) == ()
    for live in (None, other):
        (warning,) = renewed_namespaces(state, {namespace: live})
        assert "Namespace n is not the one that the stack was deployed to" in warning


def test_an_object_that_is_not_ours_is_refused_naming_it_and_its_manager() -> None:
    live = {ref("a"): managed(("pulumi-kubernetes-1a2b", "Apply", "f:data")), ref("b"): None}
    with pytest.raises(OpsError, match=r"ConfigMap n/a exists .* \(managed by pulumi-kubernetes-1a2b\)"):
        refuse_foreign(program("a", "b"), live, StackRecord(), lambda _: None)


def test_of_a_namespace_that_somebody_else_made_the_setting_is_named() -> None:
    foreign = Ref("v1", "Namespace", "", "n")
    with pytest.raises(OpsError, match="Namespace n exists and was not made by this stack") as caught:
        refuse_foreign(program("a"), {foreign: managed(("kubectl", "Update", "f:spec"))}, StackRecord(), lambda _: None)
    assert "set namespace.create to false" in str(caught.value.hint)


@pytest.mark.parametrize("kind", HOLDS_DATA)
def test_what_holds_data_is_never_told_to_be_deleted_to_make_room(kind: str) -> None:
    other, plain = Ref("v1", kind, "n", "d"), ref("a")
    for objects, is_kept in (((plain,), False), ((plain, other), True)):
        live = {one: managed(("kubectl", "Update", "f:data")) for one in objects}
        with pytest.raises(OpsError) as caught:
            refuse_foreign(program("a"), live, StackRecord(), lambda _: None)
        hint = str(caught.value.hint)
        assert hint.startswith("Give this stack a namespace of its own (namespace.name).")
        assert "or delete" not in hint
        assert (f"Do not delete what holds data, which would go with it: {other}" in hint) is is_kept
    assert f"Do not delete what holds data, which would go with it: {other}" in str(caught.value.hint)
    assert ("take it out of there. It stays as it is" in str(caught.value.hint)) is (kind == "Cluster")


def test_an_object_of_ours_that_another_tool_took_over_is_refused() -> None:
    state = StackRecord(entries=(RecordedObject(ref("a")), RecordedObject(ref("left"))))
    taken = managed(("ff-direct", "Apply", "f:data"), ("helm", "Apply", "f:data"))
    with pytest.raises(OpsError, match="ConfigMap n/a is managed by helm as well"):
        refuse_foreign(program("a"), {ref("a"): taken}, state, lambda _: None)
    with pytest.raises(OpsError, match="ConfigMap n/left, which left the program, is managed by helm as well"):
        refuse_foreign(program("a"), {ref("a"): None}, state, lambda _: taken)


@pytest.mark.parametrize(
    ("managers", "rivals"),
    [
        ([("ff-direct", "Apply", "f:spec")], []),
        ([("kube-controller-manager", "Update", "f:status")], []),
        ([("kubectl-edit", "Update", "f:spec")], []),
        ([("annotator", "Apply", "f:metadata")], []),
        ([("pulumi-resource-kubernetes", "Update", "f:spec")], ["pulumi-resource-kubernetes"]),
        ([("argocd", "Apply", "f:spec")], ["argocd"]),
    ],
)
def test_who_states_what_an_object_should_be_is_a_rival(
    managers: list[tuple[str, str, str]], rivals: list[str]
) -> None:
    assert rival_managers(managed(*managers)) == rivals


def test_a_stack_name_that_cannot_name_a_secret_is_refused() -> None:
    assert object_name("feature-flags", "local") == "ff-direct.feature-flags.local"
    with pytest.raises(OpsError, match="My_Stack"):
        object_name("feature-flags", "My_Stack")


def test_a_lease_counts_until_it_expires_when_its_holder_is_elsewhere() -> None:
    spec = {"holderIdentity": "elsewhere/1/2/x", "renewTime": NOW.isoformat(), "leaseDurationSeconds": 20}
    assert not is_abandoned(spec, NOW + timedelta(seconds=19))
    assert is_abandoned(spec, NOW + timedelta(seconds=21))
    assert is_abandoned({}, NOW)
