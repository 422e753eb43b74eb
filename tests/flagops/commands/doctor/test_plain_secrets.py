"""What the doctor says of secrets that somebody wrote into what is deployed."""

from copy import deepcopy
from types import SimpleNamespace
from typing import Any, cast

from flagops.commands.doctor.model import Examination
from flagops.commands.doctor.plain_secrets import plain_secrets
from flagops.stacks.files import load_stack
from tests.policies.manifests import with_variable
from tests.recording import ROOT, recorded


def patient(*objects: dict[str, Any]) -> Examination:
    """A stack whose namespace holds these objects, as the API server lists them: without their kind."""

    def items(_version: str, kind: str) -> list[dict[str, Any]]:
        found = [deepcopy(item) for item in objects if item["kind"] == kind]
        return [{key: value for key, value in item.items() if key not in ("kind", "apiVersion")} for item in found]

    return cast(
        "Examination", SimpleNamespace(instance=SimpleNamespace(items=items, stack=load_stack("production", ROOT)))
    )


def manifests(program: Any) -> list[dict[str, Any]]:
    return [dict(item.manifest) for item in program.objects]


def test_the_stack_as_it_is_deployed_has_none() -> None:
    assert list(plain_secrets(patient(*manifests(recorded("production").program)))) == []


def test_an_edit_by_hand_is_found_by_its_place_alone() -> None:
    edited = manifests(with_variable(recorded("production").program, "LDAP_BIND_PW", "$hunter2"))
    (worker,) = (
        item for item in edited if item["metadata"]["name"] == "flagsmith-redis" and item["kind"] == "Deployment"
    )
    worker["metadata"] = {**worker["metadata"], "annotations": {"example.com/note": "Bearer hunter2"}}
    found = {item.what.partition(" holds")[0]: item for item in plain_secrets(patient(*edited))}
    assert set(found) == {"Deployment feature-flags/flagsmith", "Deployment feature-flags/flagsmith-redis"}
    api = found["Deployment feature-flags/flagsmith"]
    assert api.name == "plain-secret"
    assert api.evidence == ("spec.template.spec.containers[flagsmith].env[LDAP_BIND_PW]",)
    assert "hunter2" not in str(found)


def test_kubectl_s_own_copy_of_an_object_is_not_told_twice_and_others_objects_are_left_alone() -> None:
    (api,) = (
        item
        for item in manifests(with_variable(recorded("local").program, "A_PW", "x-y"))
        if item["kind"] == "Deployment" and item["metadata"]["name"] == "flagsmith"
    )
    api["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": '{"a": "Bearer hunter2"}'}
    foreign = {"kind": "ConfigMap", "metadata": {"name": "theirs"}, "data": {"password": "hunter2"}}
    (found,) = plain_secrets(patient(api, foreign))
    assert len(found.evidence) == 1
