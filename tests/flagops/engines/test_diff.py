from typing import Any

from flagops.engines.direct.diff import field_changes
from flagops.engines.direct.results import FieldChange
from flagops.kubernetes.masking import Masker

MASK = Masker(["hunter2 hunter2"])


def deployment(image: str, **metadata: Any) -> dict[str, Any]:
    containers = [{"name": "proxy", "image": "proxy:1"}, {"name": "web", "image": image}]
    return {"kind": "Deployment", "metadata": {"name": "web", **metadata}, "spec": {"containers": containers}}


def test_a_field_of_a_named_list_item_is_named_by_it() -> None:
    changes = field_changes(deployment("web:1"), deployment("web:2"), MASK)
    assert changes == (FieldChange("spec.containers.[web].image", "web:1", "web:2"),)


def test_what_the_server_keeps_for_itself_is_no_change() -> None:
    noise = {"resourceVersion": "1", "generation": 1, "managedFields": [{}], "uid": "a", "creationTimestamp": "x"}
    live = deployment("web:1", **noise) | {"status": {"replicas": 3}}
    assert field_changes(live, deployment("web:1"), MASK) == ()


def test_added_and_removed_fields_have_one_side_only() -> None:
    live = deployment("web:1", labels={"old/key": "1"})
    wanted = deployment("web:1", labels={"app.kubernetes.io/name": "web"})
    assert field_changes(live, wanted, MASK) == (
        FieldChange('metadata.labels.["app.kubernetes.io/name"]', None, "web"),
        FieldChange("metadata.labels.old/key", "1", None),
    )


def test_the_values_of_a_secret_are_never_shown() -> None:
    live = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "b2xk", "same": "eA=="}}
    wanted = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "bmV3", "same": "eA==", "b": "eQ=="}}
    assert field_changes(live, wanted, MASK) == (
        FieldChange("data.a", "<secret, changed>", "<secret, changed>"),
        FieldChange("data.b", None, "<secret, changed>"),
    )


def test_known_secrets_are_masked_wherever_they_appear() -> None:
    text = "url=x:hunter2%20hunter2@y, plain=hunter2 hunter2, encoded=aHVudGVyMiBodW50ZXIy"
    assert MASK(text) == "url=x:<secret>@y, plain=<secret>, encoded=<secret>"
    assert Masker([])(text) == text
