"""The policy pack as Pulumi runs it: a process in its own environment, asked by Pulumi's protocol."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from flagops.evaluation.program import Program
from policies.rules import RULES
from tests.policies.manifests import container, deployment, places, pod, put, with_variable
from tests.recording import ROOT, STACKS, record, recorded

PACK = ROOT / "policies"
PYTHON = PACK / ".venv" / "bin" / "python"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # how Pulumi's protocol says that a string is not known yet
SECONDS = 60


class Pack:
    """A running pack."""

    def __init__(self, port: int) -> None:
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.analyzer = analyzer_pb2_grpc.AnalyzerStub(self._channel)

    def close(self) -> None:
        self._channel.close()

    def object(self, manifest: Mapping[str, Any], *, protect: bool = False, type_: str = "") -> list[Any]:
        """What the rules of single objects say."""
        request = analyzer_pb2.AnalyzeRequest(
            type=type_ or resource_type(manifest),
            urn="urn:a",
            name="logical",
            properties=struct(manifest),
            options=analyzer_pb2.AnalyzerResourceOptions(protect=protect),
        )
        return list(self.analyzer.Analyze(request, timeout=SECONDS).diagnostics)

    def stack(self, *manifests: Mapping[str, Any]) -> list[Any]:
        """What the rules of the whole stack say."""
        resources = [
            analyzer_pb2.AnalyzerResource(
                type=resource_type(item),
                urn=f"urn:{index}",
                name="logical",
                properties=struct(item),
                options=analyzer_pb2.AnalyzerResourceOptions(),
            )
            for index, item in enumerate(manifests)
        ]
        request = analyzer_pb2.AnalyzeStackRequest(resources=resources)
        return list(self.analyzer.AnalyzeStack(request, timeout=SECONDS).diagnostics)

    def program(self, program: Program) -> list[Any]:
        """What all rules say about a stack."""
        single = [found for item in program.objects for found in self.object(dict(item.manifest), protect=item.protect)]
        return [*single, *self.stack(*(item.manifest for item in program.objects))]


def struct(manifest: Mapping[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(dict(manifest))
    return made


def resource_type(manifest: Mapping[str, Any]) -> str:
    group, _, version = manifest["apiVersion"].rpartition("/")
    return f"kubernetes:{group or 'core'}/{version}:{manifest['kind']}"


def start(stack: str, config: Mapping[str, str], pack: Path = PACK) -> subprocess.Popen[str]:
    """The pack, as Pulumi's language host starts it."""
    if not PYTHON.exists():
        pytest.skip("policies/.venv is not there: make setup")
    environment = {
        **os.environ,
        "PULUMI_PROJECT": "feature-flags",
        "PULUMI_STACK": stack,
        "PULUMI_DRY_RUN": "true",
        "PULUMI_CONFIG": json.dumps(config),
    }
    command = [str(PYTHON), "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(pack)]
    return subprocess.Popen(command, cwd=pack, env=environment, stdout=subprocess.PIPE, text=True)


def running(stack: str, config: Mapping[str, str], directory: Path = PACK) -> Iterator[Pack]:
    process = start(stack, config, directory)
    assert process.stdout is not None
    try:
        pack = Pack(int(process.stdout.readline()))
        try:
            yield pack
        finally:
            pack.close()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def production() -> Iterator[Pack]:
    yield from running("production", {"feature-flags:production": "true"})


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Pack]:
    yield from running("staging", {})


def ids(diagnostics: list[Any]) -> set[str]:
    return {item.policyName for item in diagnostics}


def test_the_pack_has_every_rule_with_its_enforcement(production: Pack) -> None:
    info = production.analyzer.GetAnalyzerInfo(empty_pb2.Empty(), timeout=SECONDS)
    levels = {"mandatory": analyzer_pb2.MANDATORY, "advisory": analyzer_pb2.ADVISORY}
    later = dict.fromkeys(("judged-at-the-deployment", "judged-at-the-deployment-of-several"), analyzer_pb2.ADVISORY)
    assert {item.name: item.enforcementLevel for item in info.policies} == {
        **{rule.id: levels[rule.enforcement] for rule in RULES},
        **later,
    }


@pytest.mark.parametrize("name", STACKS)
def test_the_stacks_break_no_mandatory_rule(name: str, production: Pack, elsewhere: Pack) -> None:
    pack = production if name == "production" else elsewhere
    found = pack.program(recorded(name).program)
    assert [item.message for item in found if item.enforcementLevel == analyzer_pb2.MANDATORY] == []


def test_a_violation_is_told_with_its_object_and_no_secret(production: Pack) -> None:
    (found,) = production.object(deployment(pod(container(env=[{"name": "API_TOKEN", "value": "hunter2"}]))))
    assert "Deployment flags/flagsmith: spec.template.spec.containers[flagsmith].env[API_TOKEN] = " in found.message
    assert "hunter2" not in found.message
    assert found.enforcementLevel == analyzer_pb2.MANDATORY


def test_rules_of_several_objects_name_the_one_they_are_about(production: Pack) -> None:
    found = production.stack({"apiVersion": "v1", "kind": "Service", "metadata": {}}, deployment(replicas=2))
    assert {(item.policyName, item.urn) for item in found} == {
        ("disruption-budget", "urn:1"),
        ("production-replicas", "urn:1"),
    }


def test_what_holds_for_production_is_known_by_the_stack_s_settings(production: Pack, elsewhere: Pack) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"key": UNKNOWN}}
    assert ids(production.object(secret)) == {"protected-data"}
    assert production.object(secret, protect=True) == []
    assert elsewhere.object(secret) == []


def test_a_value_that_is_not_known_yet_breaks_no_rule(production: Pack) -> None:
    subject = deployment(pod(container(env=[{"name": "API_TOKEN", "value": UNKNOWN}])))
    subject["metadata"]["namespace"] = UNKNOWN
    (said,) = production.object(subject)
    assert said.policyName == "judged-at-the-deployment"
    assert said.enforcementLevel == analyzer_pb2.ADVISORY
    assert said.message.endswith(
        "Deployment flagsmith: metadata.namespace, spec.template.spec.containers[0].env[0].value are known only at the "
        "deployment, which judges plain-secret."
    )


def hidden(manifest: Mapping[str, Any], *paths: tuple[str | int, ...]) -> dict[str, Any]:
    """The manifest as a preview has it, with these places not known."""
    made: Any = manifest
    for path in paths:
        made = put(made, path, UNKNOWN)
    return dict(made)


def later(diagnostics: list[Any]) -> list[str]:
    """What is left to the deployment; that nothing else but an advisory rule is told."""
    assert [item.message for item in diagnostics if item.enforcementLevel == analyzer_pb2.MANDATORY] == []
    return [item.message for item in diagnostics if item.policyName.startswith("judged-at-the-deployment")]


def test_a_job_whose_annotations_are_made_by_the_deployment_is_judged_as_far_as_it_is_known(production: Pack) -> None:
    job = recorded("production").starting("Job", "flagsmith-migrate")
    annotated = put(job, ("metadata", "annotations"), UNKNOWN)
    (said,) = later(production.object(annotated))
    where = f"Job feature-flags/{job['metadata']['name']}: metadata.annotations"
    assert said.endswith(f"{where} is known only at the deployment, which judges plain-secret.")
    wrong = put(annotated, ("spec", "template", "spec", "containers", 0, "image"), "flagsmith/flagsmith:latest")
    assert {"image-tag", "image-digest"} <= ids(production.object(wrong))


def test_a_preview_in_which_all_is_unknown_that_can_be_breaks_no_rule(production: Pack) -> None:
    blank = []
    for item in recorded("production").program.objects:
        paths = [path for path in places(item.manifest) if path not in (("apiVersion",), ("kind",))]
        inner = {path[:-1] for path in paths}
        variants = [
            hidden(item.manifest, *(path for path in paths if path not in inner)),
            hidden(item.manifest, *(path for path in paths if len(path) == 1)),
            *(hidden(item.manifest, path) for path in paths if len(path) == 2),
        ]
        for variant in variants:
            later(production.object(variant, protect=item.protect))
        blank.append(variants[0])
    assert later(production.stack(*blank))


def test_a_rule_of_one_s_own_that_fails_is_named_with_the_object(tmp_path: Path) -> None:
    (tmp_path / "components").symlink_to(ROOT / "components")
    shutil.copytree(PACK, tmp_path / "policies", ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    (tmp_path / "policies" / "custom" / "own.py").write_text(
        "from policies.model import Enforcement, Rule\n"
        "def fails(objects):\n"
        "    yield from objects.items[0].manifest['nothing']\n"
        "RULES = [Rule(id='own', title='a', description='b.', enforcement=Enforcement.MANDATORY, remedy='c.',"
        " check=fails)]\n",
        encoding="utf-8",
    )
    for pack in running("staging", {}, tmp_path / "policies"):
        (found,) = pack.object(deployment())
        assert found.policyName == "own"
        assert found.enforcementLevel == analyzer_pb2.MANDATORY
        assert (
            "own: Deployment flags/flagsmith: the rule itself failed, and judged nothing: KeyError: 'nothing' "
            "(own.py, line 3). Correct the rule."
        ) in found.message


def test_patches_and_other_resources_are_no_objects(production: Pack) -> None:
    wrong = deployment(pod(container(image="flagsmith/flagsmith")))
    assert ids(production.object(wrong)) == {"image-tag", "image-digest"}
    assert production.object(wrong, type_="kubernetes:apps/v1:DeploymentPatch") == []
    assert production.object({"length": 32}, type_="random:index/randomPassword:RandomPassword") == []


def test_rules_of_one_s_own_are_in_the_pack(tmp_path: Path) -> None:
    """The pack of another directory, since `policies/custom` is the operator's."""
    if not PYTHON.exists():
        pytest.skip("policies/.venv is not there: make setup")
    script = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[1])\n"
        "from policies.crossguard import policies_of\n"
        "from policies.custom_rules import all_rules\n"
        "print(policies_of(all_rules(pathlib.Path(sys.argv[2])))[-3].name)\n"
    )
    command = [str(PYTHON), "-c", script, str(ROOT), str(ROOT / "examples" / "policies")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "team-label\n"


def test_a_plain_secret_of_the_real_program_is_found(elsewhere: Pack) -> None:
    program = with_variable(recorded("staging").program, "GREETING", "redis://:hunter2@cache:6379")
    assert "plain-secret" in ids(elsewhere.program(program))


def test_what_the_settings_say_is_no_secret_is_none_for_the_pack(elsewhere: Pack) -> None:
    stated = {"env": {"LOGIN_TOKEN": "opaque-and-short"}, "notSecret": ["env.LOGIN_TOKEN"]}
    program = record("staging", stated).program
    config = {"feature-flags:env": json.dumps(stated["env"]), "feature-flags:notSecret": '["env.LOGIN_TOKEN"]'}
    assert "plain-secret" in ids(elsewhere.program(program))
    for pack in running("staging", config):
        assert "plain-secret" not in ids(pack.program(program))
