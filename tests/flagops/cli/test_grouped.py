"""What is said of many objects alike: once, with a count and the first few; all with --verbose, and in JSON always."""

import json
from io import StringIO

import pytest
from rich.console import Console

from flagops.commands.deploy import view as deploy
from flagops.commands.doctor import view as doctor
from flagops.commands.doctor.model import DoctorFinding
from flagops.console import FEW, first_few
from flagops.engines.deployer import DeploymentPlan, EngineName
from flagops.evaluation.advisory import Advisory

MANY = 30
PLAN = DeploymentPlan(
    warnings=("mind the gap",),
    advisories=(
        *(Advisory("image-digest", f"image-digest: Job a/{number}: spec.image = 'x'.") for number in range(MANY)),
        Advisory("ingress-tls", "ingress-tls: Ingress a/b: spec.tls = missing."),
    ),
)


def console() -> Console:
    return Console(file=StringIO(), width=200)


def shown(console: Console) -> list[str]:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


def test_a_deployment_tells_each_advisory_rule_once() -> None:
    few, every = console(), console()
    deploy.show_advisories(few, PLAN, "production", every=False)
    assert shown(few) == [
        f"Warning: image-digest, {MANY} times:",
        *(f"  Job a/{number}: spec.image = 'x'." for number in range(FEW)),
        f"  and {MANY - FEW} more: --verbose, or `ff policy check --stack production --verbose`",
        "Warning: ingress-tls: Ingress a/b: spec.tls = missing.",
    ]
    deploy.show_advisories(every, PLAN, "production", every=True)
    assert len(shown(every)) == MANY + 2


def test_a_preview_for_programs_keeps_every_advisory() -> None:
    found = json.loads(deploy.plan_as_json(PLAN, EngineName.DIRECT))["warnings"]
    assert found == ["mind the gap", *(item.text for item in PLAN.advisories)]


def test_the_doctor_groups_findings_by_name() -> None:
    waits = ("no node [a]",)
    findings = [DoctorFinding("pod-pending", f"{number} waits.", waits, "ff status") for number in range(MANY)]
    findings.insert(1, DoctorFinding("dns", "No name is found.", (), "ff logs"))
    few, every = console(), console()
    doctor.show(few, findings)
    lines = shown(few)
    heads = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert heads == [*["pod-pending"] * FEW, "and", "dns"]
    assert f"and {MANY - FEW} more: --verbose" in lines
    assert "  seen  no node [a]" in lines
    doctor.show(every, findings, every=True)
    assert sum(line.startswith("pod-pending") for line in shown(every)) == MANY


@pytest.mark.parametrize("many", [0, 1, FEW, FEW + 1])
def test_no_line_is_left_out_for_a_line_that_says_so(many: int) -> None:
    lines = [str(number) for number in range(many)]
    assert first_few(lines, "--verbose") == lines
