"""What the Pulumi engine says, translated."""

from typing import Any

import pytest
from pulumi.automation import EngineEvent
from pulumi.runtime.rpc import UNKNOWN

from flagops.engines.deployer import PlannedChange
from flagops.engines.events import Event, ResourceState
from flagops.engines.pulumi_cli.events import EventTranslator
from flagops.evaluation.advisory import Advisory

URN = "urn:pulumi:local::feature-flags::flagsmith:Api$kubernetes:apps/v1:Deployment::flagsmith-api"


def step(op: str, *, kind: str = "kubernetes:apps/v1:Deployment", custom: bool = True, **more: Any) -> dict[str, Any]:
    state = {
        "type": kind,
        "urn": URN,
        "custom": custom,
        "inputs": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "flagsmith"}},
    }
    return {"metadata": {"op": op, "urn": URN, "type": kind, "new": state, **more}}


def said(severity: str, message: str, **more: Any) -> dict[str, Any]:
    return {"diagnosticEvent": {"severity": severity, "message": message, "color": "never", "urn": URN, **more}}


def translated(*events: dict[str, Any]) -> tuple[EventTranslator, list[Event]]:
    heard: list[Event] = []
    translator = EventTranslator(heard.append)
    for event in events:
        translator(EngineEvent.from_json(event))
    return translator, heard


@pytest.mark.parametrize(
    ("op", "states"),
    [
        ("create", [ResourceState.CREATING, ResourceState.CREATED]),
        ("update", [ResourceState.UPDATING, ResourceState.UPDATED]),
        ("delete", [ResourceState.DELETING, ResourceState.DELETED]),
        ("create-replacement", [ResourceState.REPLACING, ResourceState.REPLACED]),
        ("same", [ResourceState.UNCHANGED]),
    ],
)
def test_an_operation_is_seen_to_begin_and_to_end(op: str, states: list[ResourceState]) -> None:
    translator, heard = translated({"resourcePreEvent": step(op)}, {"resOutputsEvent": step(op)})
    assert heard == [Event("flagsmith", "Deployment", state) for state in states]
    assert translator.counts == {states[-1]: 1}


def test_components_and_providers_are_no_rows_of_the_table() -> None:
    _, heard = translated(
        {"resourcePreEvent": step("create", kind="flagsmith:Api", custom=False)},
        {"resourcePreEvent": step("create", kind="pulumi:providers:kubernetes")},
    )
    assert heard == []


def test_a_status_message_says_what_is_awaited_until_the_resource_has_ended() -> None:
    waits = said("info", "<{%reset%}>[1/2] Waiting for app ReplicaSet<{%reset%}>\n", ephemeral=True)
    _, heard = translated({"resourcePreEvent": step("create")}, waits, {"resOutputsEvent": step("create")}, waits)
    assert [event.message for event in heard] == ["", "[1/2] Waiting for app ReplicaSet", ""]


def test_errors_name_their_resource_and_are_kept_once() -> None:
    error = said("error", "3 errors occurred")
    translator, heard = translated(
        {"resourcePreEvent": step("create")}, error, error, {"resOpFailedEvent": {**step("create"), "status": 1}}
    )
    assert translator.errors == ["Deployment flagsmith: 3 errors occurred"]
    assert heard[-1].state is ResourceState.FAILED
    assert [manifest["metadata"]["name"] for manifest in translator.failed] == ["flagsmith"]


def test_a_preview_s_changes_name_the_fields_that_differ() -> None:
    diff = {"spec.replicas": {"diffKind": "update"}}
    translator, _ = translated(
        {"resourcePreEvent": step("update", detailedDiff=diff)}, {"resourcePreEvent": step("same")}
    )
    assert translator.changes == [PlannedChange("update", "Deployment", "flagsmith", ("spec.replicas",))]


def test_a_broken_rule_of_the_policy_pack_is_an_error_or_a_warning_without_its_title() -> None:
    def violated(level: str, message: str) -> dict[str, Any]:
        return {"policyEvent": {"message": message, "color": "never", "enforcementLevel": level, "policyName": "p"}}

    exact = "image-tag: Deployment a/b: spec.image = missing"
    translator, _ = translated(
        violated("mandatory", f"<{{%reset%}}>Every image has a tag\n{exact}<{{%reset%}}>"),
        violated("mandatory", f"Every image has a tag\n{exact}"),
        violated("advisory", "somebody else's rule"),
    )
    assert (translator.causes("more"), translator.warnings) == ([f"p: {exact}"], [])
    assert translator.advisories == [Advisory("p", "somebody else's rule")]


def test_mandatory_rules_are_told_once_each_with_the_first_few_objects() -> None:
    def violated(rule: str, name: str) -> dict[str, Any]:
        event = {
            "message": f"Title\n{rule}: Pod {name}",
            "color": "never",
            "enforcementLevel": "mandatory",
            "policyName": rule,
        }
        return {"policyEvent": event}

    pods = [violated("image-tag", f"a{number}") for number in range(9)]
    translator, _ = translated(*pods[:5], violated("limits", "b"), *pods[5:], said("error", "update failed"))
    many, one = translator.causes("`x` lists them.")
    assert many.startswith("image-tag, 9 times:\n  Pod a0\n  Pod a1\n")
    assert many.endswith("more: `x` lists them.")
    assert one == "limits: Pod b"


def test_what_the_program_said_is_not_followed_by_how_it_ended() -> None:
    cause = said("error", "The cluster is not the one that the stack was deployed to.", urn="")
    ended = said("error", "an unhandled error occurred: program exited with non-zero exit code: 1", urn="")
    translator, _ = translated(cause, ended)
    assert translator.errors == ["The cluster is not the one that the stack was deployed to."]


def test_an_object_whose_name_is_not_known_yet_goes_by_its_name_in_the_program() -> None:
    pending = step("create")
    pending["metadata"]["new"]["inputs"]["metadata"]["name"] = UNKNOWN
    translator, _ = translated({"resourcePreEvent": pending})
    assert translator.changes == [PlannedChange("create", "Deployment", "flagsmith-api", ())]


def test_what_was_made_or_changed_is_kept_by_its_name_and_nothing_else_of_it() -> None:
    metadata = {"name": "flagsmith"}
    translator, _ = translated(*({"resOutputsEvent": step(op)} for op in ("create", "update", "same", "delete")))
    known = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}
    assert translator.changed == [(ResourceState.CREATED, known), (ResourceState.UPDATED, known)]
