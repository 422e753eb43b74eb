"""The runbook: every alert has its section, every section its alerts or why it has none, and its table has them all."""

import ast
import re
from collections import defaultdict

import pytest

from tests.components.monitoring.alerts.promtool import STACKS, rules, rules_of
from tests.recording import ROOT

TEXT = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
HEADINGS: list[str] = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
MISSING = "FlagsmithMetricsMissing"


def anchor(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def sections() -> dict[str, str]:
    """The text of every section by its anchor."""
    _, *parts = re.split(r"^## .+$", TEXT, flags=re.MULTILINE)
    return {anchor(heading): part.strip() for heading, part in zip(HEADINGS, parts, strict=True)}


def expected() -> dict[str, set[str]]:
    """The alerts that lead to each section, those of the components as one."""
    found = defaultdict(set)
    components = {f"{MISSING}{''.join(map(str.capitalize, one.split('-')))}" for one in targets()}
    for name, rule in rules().items():
        section = rule["annotations"]["runbook_url"].partition("#")[2]
        found[section].add(f"{MISSING}…" if name in components else name)
    return found


def targets() -> set[str]:
    """The components that have metrics."""
    found = {match for stack in STACKS for rule in rules_of(stack).values() for match in named(rule["expr"])}
    assert {"api", "database", "cache-exporter"} <= found
    return found


def named(expression: str) -> list[str]:
    return re.findall(r'up\{[^}]*component="([^"]+)"', expression)


def test_sections_are_numbered_one_by_one_and_all_are_in_the_table() -> None:
    assert [int(heading.split(". ")[0]) for heading in HEADINGS] == list(range(1, len(HEADINGS) + 1))
    table = re.findall(r"^\| \[(\d+)\]\(#([^)]+)\) \|", TEXT, re.MULTILINE)
    assert table == [(heading.split(".")[0], anchor(heading)) for heading in HEADINGS]


def findings() -> set[str]:
    """The names of all that `ff doctor` can find, as its sources have them."""
    texts = {
        node.value
        for path in (ROOT / "flagops" / "commands" / "doctor").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    named = {text for text in texts if re.fullmatch(r"[a-z]+(-[a-z]+)+", text) and not text.startswith("flagsmith-")}
    # Two that are no words of their own there: `dns`, and a Job's name before "-failed".
    assert {"dns", "-failed"} <= texts
    return {*named, "dns", "migration-failed", "bootstrap-failed"}


def test_the_table_has_each_finding_of_the_doctor_once() -> None:
    rows = re.findall(r"^\| \[\d+\]\(.+$", TEXT, re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`([^`]+)`", row.split(" | ")[-1])]
    assert sorted(told) == sorted(findings())


def test_the_table_has_each_alert_once_in_the_row_of_its_section() -> None:
    rows = re.findall(r"^\| \[\d+\]\(#([^)]+)\) \| [^|]+ \| ([^|]*) \|", TEXT, re.MULTILINE)
    told = {section: re.findall(r"`([^`]+)`", cell) for section, cell in rows}
    assert {section: sorted(names) for section, names in told.items()} == {
        section: sorted(expected().get(section, ())) for section in sections()
    }


def test_every_link_within_the_page_leads_to_a_section() -> None:
    links = set(re.findall(r"\]\(#([^)]+)\)", TEXT))
    assert links <= {anchor(heading) for heading in HEADINGS}


def test_every_alert_leads_to_a_section() -> None:
    assert expected().keys() <= sections().keys()


@pytest.mark.parametrize("section", sections())
def test_a_section_begins_with_the_alerts_that_lead_to_it_or_says_why_there_is_none(section: str) -> None:
    first = " ".join(sections()[section].partition("\n\n")[0].split())
    alerts = expected().get(section, set())
    if not alerts:
        assert re.match(r"No alert(?: of its own)?: .{20,}\.$", first), first
        return
    assert first.startswith("Alert: " if len(alerts) == 1 and f"{MISSING}…" not in alerts else "Alerts: ")
    assert set(re.findall(r"`(Flagsmith\w+…?)`", first)) == alerts
