"""Exceptions: complete, with a reason, and on the objects that they are for."""

import re

import pytest

from policies.check import check
from policies.exceptions import Excepted, ExceptionsError, annotations, exceptions, parse
from policies.model import Object, Objects
from tests.policies.manifests import container, deployment, pod, rule
from tests.recording import recorded

ENTRY = """
exceptions:
  - scanner: {scanner}
    checks: {checks}
    reason: {reason}
    objects: {objects}
"""
VALID = {"scanner": "checkov", "checks": "[CKV_K8S_40]", "reason": "why", "objects": "[Job/a-*]"}


def test_an_entry_holds_for_the_objects_it_names() -> None:
    (entry,) = parse(ENTRY.format(**VALID))
    assert entry == Excepted("checkov", "CKV_K8S_40", ("Job/a-*",), "why")
    assert entry.holds_for("Job", "a-1234")
    assert not entry.holds_for("CronJob", "a-1234")
    assert not entry.holds_for("Job", "a")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"reason": '""'}, "reason must say why"),
        ({"reason": "a = b"}, "without the sign ="),
        ({"scanner": "trivy"}, "scanner = 'trivy' must be one of checkov, kube-score, policy"),
        ({"checks": "[]"}, "checks must be a list"),
        ({"objects": "Job/a"}, "objects must be a list"),
        ({"objects": "[Job/a]\n    until: never"}, "must have the keys checks, objects, reason, scanner"),
    ],
)
def test_an_incomplete_entry_is_refused(values: dict[str, str], message: str) -> None:
    with pytest.raises(ExceptionsError, match=re.escape(message)) as error:
        parse(ENTRY.format(**{**VALID, **values}))
    assert "exceptions.yaml, entry 1" in str(error.value)


@pytest.mark.parametrize("text", ["", "a: [", "exceptions"])
def test_a_file_without_entries_is_refused(text: str) -> None:
    with pytest.raises(ExceptionsError, match=r"exceptions\.yaml"):
        parse(text)


def test_the_annotations_are_those_of_the_scanners() -> None:
    entries = (
        Excepted("checkov", "CKV_1", ("Job/a",), "one"),
        Excepted("checkov", "CKV_2", ("Job/*",), "two"),
        Excepted("kube-score", "probes", ("Job/a",), "three"),
        Excepted("kube-score", "tags", ("Job/a",), "four"),
        Excepted("policy", "image-tag", ("Job/a",), "five"),
    )
    assert annotations(entries, "Job", "a") == {
        "checkov.io/skip1": "CKV_1=one",
        "checkov.io/skip2": "CKV_2=two",
        "kube-score/ignore": "probes,tags",
    }
    assert annotations(entries, "Job", "b") == {"checkov.io/skip1": "CKV_2=two"}
    assert annotations(entries, "Pod", "a") == {}


def test_a_rule_is_lifted_for_the_objects_of_an_exception_alone() -> None:
    subject = Objects((Object(deployment(pod(container(image="a")))),))
    lifted = Excepted("policy", "image-tag", ("Deployment/flagsmith",), "why")
    other = Excepted("policy", "image-tag", ("Deployment/other",), "why")
    assert check(subject, [rule("image-tag")], [lifted]).violations == ()
    assert len(check(subject, [rule("image-tag")], [other]).violations) == 1
    assert len(check(subject, [rule("resources"), rule("image-tag")], [other]).violations) == 1


@pytest.mark.parametrize("name", ["local", "production"])
def test_the_program_s_objects_carry_the_annotations_that_are_theirs_and_no_others(name: str) -> None:
    annotated = 0
    for item in recorded(name).program.objects:
        found = {
            key: value
            for key, value in (item.manifest["metadata"].get("annotations") or {}).items()
            if key.startswith(("checkov.io/", "kube-score/"))
        }
        assert found == annotations(exceptions(), item.ref.kind, item.ref.name), item.ref
        annotated += bool(found)
    assert annotated >= 8
