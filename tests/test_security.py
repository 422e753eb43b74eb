"""SECURITY.md: what it names is there. Whether a defence holds is what the tests it names are for."""

import re
from collections.abc import Iterator

from components.settings import Settings
from ops.docs import entries
from tests.recording import ROOT

PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
DEFENCES = "| threat | defence | setting | proof |"


def defences() -> Iterator[list[str]]:
    """The cells of each row of the table of defences."""
    lines = PAGE.splitlines()
    for line in lines[lines.index(DEFENCES) + 2 :]:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_setting_that_defends_exists() -> None:
    known = {entry.key.replace("[]", "").removesuffix(".*") for entry in entries(Settings)}
    named = [name for _, _, settings, _ in defences() for name in quoted(settings)]

    assert len(named) > 15
    assert [name for name in named if name not in known] == []


def test_every_proof_is_a_file_with_tests() -> None:
    for threat, _, _, proof in defences():
        files = quoted(proof)
        assert files or (ROOT / proof).is_file(), threat
        for name in files:
            assert "\ndef test_" in (ROOT / name).read_text(encoding="utf-8"), f"{threat}: {name}"


def test_every_link_leads_somewhere() -> None:
    targets = [target for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE) if "://" not in target]

    assert len(targets) > 5
    assert [target for target in targets if not (ROOT / target).is_file()] == []


def test_every_anchor_is_a_heading_of_its_page() -> None:
    anchors = re.findall(r"\]\((docs/[^)#]+)#([^)]+)\)", PAGE)

    assert anchors
    for page, anchor in anchors:
        headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
