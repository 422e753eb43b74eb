"""The stacks of the repository keep the rules, and the direct engine lets nothing pass that does not."""

import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from flagops.commands.render.render import render
from flagops.console import FEW
from flagops.engines.direct.deployer import DirectDeployer
from flagops.errors import OpsError, RefusedError
from flagops.evaluation.advisory import warnings
from flagops.evaluation.generated import Placeholders
from flagops.evaluation.policy_objects import of_program
from flagops.evaluation.policy_review import of_manifests, of_stack, refuse_violations, rules
from flagops.stacks.files import load_stack
from policies.check import check
from policies.model import Enforcement
from tests.platform import Platform
from tests.policies.manifests import with_variable
from tests.policies.test_custom_rules import EXAMPLES
from tests.recording import ROOT, STACKS, recorded


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_breaks_no_rule(name: str) -> None:
    report = of_stack(ROOT, load_stack(name, ROOT))
    assert report.unseen == ()
    assert [str(item) for item in report.of(Enforcement.MANDATORY)] == []


@pytest.mark.parametrize("name", STACKS)
def test_its_rendered_files_break_none_that_can_be_seen_in_them(name: str, tmp_path: Path) -> None:
    render(ROOT, load_stack(name, ROOT), tmp_path)
    production = name == "production"
    report = of_manifests([tmp_path], production=production)
    assert [rule.id for rule in report.unseen] == (["protected-data"] if production else [])
    assert [str(item) for item in report.of(Enforcement.MANDATORY)] == []


def test_a_stack_s_violations_name_the_object_and_no_secret() -> None:
    url = "postgresql://flagsmith:hunter2@db/flagsmith"
    program = with_variable(recorded("production").program, "GREETING", url)
    with pytest.raises(OpsError, match="plain-secret: Deployment feature-flags/flagsmith: ") as error:
        refuse_violations(program, production=True)
    refuse_violations(program, production=True, harmless=frozenset({url}))
    assert "env[GREETING].value = not shown" in error.value.message
    assert "hunter2" not in error.value.message
    assert "docs/policy.md" in (error.value.hint or "")


def test_nothing_is_rendered_that_holds_a_secret_in_clear(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = with_variable(recorded("staging").program, "BIND_PW", "$hunter2")
    monkeypatch.setattr("flagops.commands.render.render.evaluate", lambda *_: program)
    with pytest.raises(OpsError, match=r"containers\[flagsmith\]\.env\[BIND_PW\] = not shown") as error:
        render(ROOT, load_stack("staging", ROOT), tmp_path / "out")
    assert "hunter2" not in error.value.message
    assert not (tmp_path / "out").exists()


def test_an_advisory_rule_warns_once_says_how_often_it_is_broken_and_names_the_first_few() -> None:
    found = refuse_violations(recorded("production").program, production=True)
    report = of_stack(ROOT, load_stack("production", ROOT))
    assert len(found) == len(report.of(Enforcement.ADVISORY))
    assert len(found) > 10
    (warning,) = warnings(found, "--verbose")
    first, *lines = warning.splitlines()
    assert first == f"image-digest, {len(found)} times:"
    assert lines[:-1] == [f"  {item.text.removeprefix('image-digest: ')}" for item in found[:FEW]]
    assert lines[-1] == f"  and {len(found) - FEW} more: --verbose"
    (everything,) = warnings(found, "--verbose", every=True)
    assert len(everything.splitlines()) == len(found) + 1


def test_a_mandatory_rule_that_is_broken_in_many_places_refuses_with_the_first_few() -> None:
    program = deepcopy(recorded("local").program)
    for item in program.objects:
        template = item.manifest.get("spec", {}).get("template", {})
        for container in template.get("spec", {}).get("containers", []):
            container["image"] = "flagsmith/flagsmith:latest"
    with pytest.raises(RefusedError) as refused:
        refuse_violations(program, production=False)
    told = [line for line in refused.value.message.splitlines() if "image-tag" in line]
    assert len(told) == FEW
    assert re.search(r"and \d+ more: `ff policy check --stack local --verbose` lists them\.", refused.value.message)


def test_a_rule_that_fails_refuses_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "from policies.model import Enforcement, Rule\n"
        "RULES = [Rule(id='own', title='a', description='b.', enforcement=Enforcement.ADVISORY, remedy='c.',"
        " check=lambda objects: 1 / 0)]\n",
        encoding="utf-8",
    )
    monkeypatch.setattr("flagops.evaluation.policy_review.own_rules", lambda: tmp_path)
    with pytest.raises(
        OpsError, match=r"Nothing was changed.*failed:\n  own: Namespace feature-flags: the rule itself"
    ):
        refuse_violations(recorded("local").program, production=False)


def test_a_generated_value_outside_a_secret_is_found() -> None:
    program = recorded("local").program
    leaked = replace(program.objects[0], manifest={**program.objects[0].manifest, "note": "generated-value.x.end"})
    program = replace(program, objects=(leaked,), generated={"x": Placeholders()["x"]})
    assert [item.rule.id for item in check(of_program(program, production=False), rules()).violations] == [
        "plain-secret"
    ]


def test_without_protection_production_s_data_is_named() -> None:
    program = recorded("staging").program
    report = check(of_program(program, production=True), rules())
    found = {str(item.finding.object) for item in report.violations if item.rule.id == "protected-data"}
    assert {
        "Namespace feature-flags",
        "StatefulSet feature-flags/flagsmith-postgres",
        "PersistentVolumeClaim feature-flags/flagsmith-postgres-data",
        "Secret feature-flags/flagsmith-postgres",
    } <= found


@pytest.mark.cluster
def test_the_direct_engine_refuses_before_it_writes_anything(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.engine().down()
    stack = platform.stack()
    engine = DirectDeployer(ROOT, stack, platform.cluster.kubeconfig, platform.cluster.context, lambda _: None)
    monkeypatch.setattr("flagops.evaluation.policy_review.own_rules", lambda: EXAMPLES)
    since = platform.revision()
    for run in (engine.preview, engine.up):
        with pytest.raises(OpsError, match=r"Nothing was changed.*\n +team-label: Namespace feature-flags: "):
            run()
    assert platform.history("/api/v1/secrets", since) == []
    assert platform.http.get("/api/v1/namespaces/feature-flags").status_code == 404
    monkeypatch.undo()
    assert engine.preview().changes
