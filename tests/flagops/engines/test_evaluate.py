import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pulumi.runtime import settings

from flagops.errors import OpsError
from flagops.evaluation.evaluate import config_strings, evaluate
from flagops.evaluation.program import Program
from flagops.stacks.files import Stack
from tests.flagops.engines.conftest import PROGRAM

Sample = Callable[..., Stack]
HEAD = "import pulumi, pulumi_kubernetes as k8s, pulumi_random as random\n"


@pytest.fixture
def written(tmp_path: Path, sample: Sample) -> Callable[[str], Program]:
    """Evaluates a program given as its text."""

    def run(text: str) -> Program:
        (tmp_path / "__main__.py").write_text(HEAD + text)
        return evaluate(tmp_path, sample(), {})

    return run


def test_objects_come_in_dependency_order_with_their_components(sample: Sample) -> None:
    program = evaluate(PROGRAM, sample(), {})
    kinds = [item.ref.kind for item in program.objects]
    assert kinds.index("Namespace") == 0
    assert kinds.index("Secret") < kinds.index("Job") < kinds.index("Deployment")
    assert {item.ref.kind: item.component for item in program.objects}["Job"] == ("jobs",)


def test_the_same_values_give_the_same_program(sample: Sample) -> None:
    stack = sample()
    first = evaluate(PROGRAM, stack, {})
    assert all(evaluate(PROGRAM, stack, first.generated) == first for _ in range(3))


def test_a_value_that_is_known_is_used_and_a_new_one_is_made_otherwise(sample: Sample) -> None:
    known = evaluate(PROGRAM, sample(), {"data-password": "known value/1"})
    assert known.generated == {"data-password": "known value/1"}
    [secret] = [item.manifest for item in known.objects if item.ref.kind == "Secret"]
    assert base64.b64decode(secret["data"]["url"]).decode() == "postgres://web:known%20value%2F1@data/web"
    assert len(evaluate(PROGRAM, sample(), {}).generated["data-password"]) == 24


def test_secrets_and_what_contains_them_are_remembered_as_secret(sample: Sample) -> None:
    program = evaluate(PROGRAM, sample(), {"data-password": "known value/1"})
    assert {"known value/1", "known%20value%2F1", "postgres://web:known%20value%2F1@data/web"} <= program.secrets
    assert program.shown_outputs["password"] == "<secret>"
    assert program.secret_outputs == {"password"}


def test_protection_is_inherited_from_components(sample: Sample) -> None:
    program = evaluate(PROGRAM, sample(protect=True), {})
    assert {item.ref.kind for item in program.objects if item.protect} == {"Namespace"}


def test_retention_and_timeouts_are_recorded(written: Callable[[str], Program]) -> None:
    program = written(
        "part = pulumi.ComponentResource('x:y:Z', 'part', None, pulumi.ResourceOptions(retain_on_delete=True))\n"
        "timeouts = pulumi.CustomTimeouts(create='1m30s')\n"
        "opts = pulumi.ResourceOptions(parent=part, custom_timeouts=timeouts)\n"
        "k8s.core.v1.ConfigMap('a', metadata={'name': 'a', 'namespace': 'n'}, opts=opts)\n"
    )
    assert (program.objects[0].retain, program.objects[0].timeout) == (True, 90)


def test_an_object_named_only_by_its_resource_gets_that_name(written: Callable[[str], Program]) -> None:
    program = written("a = k8s.core.v1.ConfigMap('a')\npulumi.export('name', a.metadata.name)\n")
    assert program.objects[0].ref.name == "a"
    assert program.objects[0].ref.namespace == "default"
    assert program.outputs == {"name": "a"}


def test_a_dependency_through_a_component_counts(written: Callable[[str], Program]) -> None:
    program = written(
        "part = pulumi.ComponentResource('x:y:Z', 'part')\n"
        "k8s.core.v1.ConfigMap('z', opts=pulumi.ResourceOptions(parent=part))\n"
        "k8s.core.v1.ConfigMap('a', opts=pulumi.ResourceOptions(depends_on=[part]))\n"
    )
    assert [item.ref.name for item in program.objects] == ["z", "a"]


def test_the_program_s_own_error_surfaces_as_its_message_only(sample: Sample) -> None:
    with pytest.raises(OpsError) as caught:
        evaluate(PROGRAM, sample(host="not a name"), {})
    assert caught.value.message == "sample:host 'not a name' is not a DNS name"


def test_a_defect_of_the_program_is_told_with_its_place(written: Callable[[str], Program]) -> None:
    with pytest.raises(OpsError, match=r"The program failed \(__main__\.py, line 3\): ZeroDivisionError"):
        written("\n1 / 0\n")


def test_an_error_inside_apply_surfaces_too(written: Callable[[str], Program]) -> None:
    # Pulumi reports it for the resource or for the value, whichever it comes to first.
    with pytest.raises(OpsError, match="no good"):
        written(
            "def bad(value):\n    raise ValueError('no good')\n"
            "a = k8s.core.v1.ConfigMap('a')\n"
            "k8s.core.v1.ConfigMap('b', data={'x': a.metadata.name.apply(bad)})\n"
        )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("random.RandomPet('pet')", "cannot make random:index/randomPet:RandomPet 'pet'"),
        ("k8s.core.v1.NamespacePatch('n')", "cannot make kubernetes:core/v1:NamespacePatch 'n'"),
        ("k8s.core.v1.ConfigMap.get('c', 'x/y')", "cannot read kubernetes:core/v1:ConfigMap 'c'"),
        (
            "[k8s.core.v1.ConfigMap(n, metadata={'name': 'same'}) for n in ('one', 'two')]",
            "ConfigMap default/same: 'one' and 'two'",
        ),
    ],
)
def test_what_the_engine_cannot_do_is_refused_by_name(
    written: Callable[[str], Program], text: str, message: str
) -> None:
    with pytest.raises(OpsError, match=message):
        written(text)


def test_encrypted_configuration_is_refused_by_its_key(sample: Sample) -> None:
    with pytest.raises(OpsError, match=r"sample:token of .* is encrypted"):
        evaluate(PROGRAM, sample(token={"secure": "AAAB"}), {})


def test_null_configuration_is_refused_by_its_key(sample: Sample) -> None:
    with pytest.raises(OpsError, match=r"sample:host in .* is null"):
        evaluate(PROGRAM, sample(host=None), {})


def test_configuration_is_handed_over_as_pulumi_does(sample: Sample) -> None:
    config = config_strings(sample(number=3, flag=True, text="x", table={"a": [1]}))
    handed = {key.removeprefix("sample:"): value for key, value in config.items()}
    assert (handed["number"], handed["flag"], handed["text"], handed["table"]) == ("3", "true", "x", '{"a":[1]}')
    assert handed["pulumi:disable-default-providers"] == '["kubernetes"]'
    assert handed["replicas"] == "1"


def test_api_versions_are_checked_and_kept(sample: Sample) -> None:
    wanted = ("monitoring.coreos.com/v1", "cert-manager.io/v1/Certificate", "v1")
    assert evaluate(PROGRAM, sample(), {}, wanted).api_versions == wanted
    with pytest.raises(OpsError, match="--api-versions 'Certificate' is not an API version"):
        evaluate(PROGRAM, sample(), {}, ("Certificate",))


def test_warnings_of_the_program_are_kept(written: Callable[[str], Program]) -> None:
    assert written("pulumi.log.warn('mind the gap')").warnings == ("mind the gap",)


def test_evaluations_do_not_touch_pulumi_s_settings_of_the_caller(sample: Sample) -> None:
    before = (settings.get_project(), settings.get_stack(), settings.get_root_resource())
    evaluate(PROGRAM, replace(sample(), name="another"), {})
    assert (settings.get_project(), settings.get_stack(), settings.get_root_resource()) == before
