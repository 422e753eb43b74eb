"""A new slice or component is known wherever all of them are meant."""

import re
import tomllib
from pathlib import Path

from tests.components.registering import WHOLE
from tests.recording import ROOT, record

COMPONENT = re.compile(r"feature-flags:components:\w+")
# What is below every slice, or above all of them.
FLOORS = {"kit", "settings", "text", "stack", "platform", "edge_alone", "package"}


def modules() -> set[str]:
    """What is directly in `components/`."""
    found = {path.parent.name for path in (ROOT / "components").glob("*/__init__.py")}
    return found | {path.stem for path in (ROOT / "components").glob("*.py") if path.stem != "__init__"}


def defined() -> set[str]:
    """The types of all components, as their sources name them."""
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "components").rglob("*.py"))
    return {found for source in sources for found in COMPONENT.findall(source)}


def test_every_component_is_in_one_of_the_stacks_that_stand_for_all() -> None:
    """Elsewhere nobody would try it: what is said of every pod and object is said of these stacks."""
    made = {
        found
        for stack, overrides in WHOLE.values()
        for urn in record(stack, overrides).registrations
        for found in COMPONENT.findall(urn)
    }
    assert len(made) > 20
    assert defined() - made == set(), "switch it on in IN_CLUSTER or OUTSIDE of tests/scanners/rendered.py"


def test_the_policies_may_import_no_slice_but_texts() -> None:
    """They run in an environment of their own, without Pulumi's SDKs and pydantic."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (
        item
        for item in settings["tool"]["importlinter"]["contracts"]
        if item["type"] == "forbidden" and item["source_modules"] == ["policies"]
    )
    forbidden = {name.removeprefix("components.") for name in contract["forbidden_modules"] if "components." in name}
    assert forbidden == modules() - {"text"}


def test_the_page_of_the_rooms_names_every_slice() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (row,) = (line for line in page.splitlines() if line.startswith("| the slices: "))
    named = {Path(found).name for found in re.findall(r"`components/(\w+)/`", row)}
    assert named == modules() - FLOORS
