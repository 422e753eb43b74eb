"""A flag that is named for one environment is on in no other."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from components.settings.sections.audit import AuditExport
from flagops.commands.flags.catalogue.load import parse
from flagops.commands.flags.catalogue.rules import check
from tests.recording import ROOT

CATALOGUE = """project: P
names: any
environments: [staging, staging eu, production]
segments:
  beta: {description: The beta., all: [{trait: beta, operator: EQUAL, value: "yes"}]}
flags:
  NAME: {description: A., owner: web, kind: ops, ENABLED}
"""
ON_THERE = "enabled: false, environments: {staging: {enabled: true}}"


def warnings(name: str, enabled: str) -> list[str]:
    declared, _ = parse(CATALOGUE.replace("NAME", name).replace("ENABLED", enabled), Path("c.yaml"))
    found = check(declared, date(2026, 11, 23))
    assert all(problem.is_warning for problem in found)
    return [problem.text for problem in found]


@pytest.mark.parametrize("name", ["staging_bar", "staging-bar", "stagingBar", "StagingBar"])
def test_what_is_on_elsewhere_is_told(name: str) -> None:
    said = "is named for staging, and on in staging eu, production: switch it off there, or give it another name"
    assert warnings(name, "enabled: true") == [said]
    assert warnings(name, ON_THERE) == []


@pytest.mark.parametrize(
    "enabled",
    [
        "enabled: false, environments: {production: {rollout: 5}}",
        "enabled: false, environments: {production: {rollout: {everyone: 0, segments: {beta: 10}}}}",
        "enabled: false, environments: {production: {targeting: [{segment: beta, enabled: true}]}}",
    ],
)
def test_a_share_or_a_segment_is_somebody_too(enabled: str) -> None:
    assert len(warnings("staging_bar", enabled)) == 1


def test_the_longest_name_counts_and_other_names_are_free() -> None:
    assert warnings("staging_eu_bar", "enabled: true") == [
        "is named for staging eu, and on in staging, production: switch it off there, or give it another name"
    ]
    for name in ("stagings_bar", "bar_staging", "staging", "bar"):
        assert warnings(name, "enabled: true") == []


def test_the_audit_export_of_production_can_be_commented_in() -> None:
    text = (ROOT / "Pulumi.production.yaml").read_text(encoding="utf-8")
    before, start, rest = text.partition("  # feature-flags:audit:\n")
    block = [line for line in rest.splitlines() if line.startswith("  #   ")]
    whole = before + "\n".join(line.replace("  # ", "  ", 1) for line in [start.rstrip(), *block])
    export = yaml.safe_load(whole)["config"]["feature-flags:audit"]["export"]
    assert export == {
        "sink": "https",
        "url": "https://audit.footanalytics.com/api/v1/events",
        "tokenSecret": {"name": "audit-token"},
    }
    assert AuditExport.model_validate(export).sink == "https"
    assert export["url"] in (ROOT / "docs" / "from-the-design.md").read_text(encoding="utf-8")
