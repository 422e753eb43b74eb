"""Each decision record has a number of its own, the same in its name and in its title."""

import re
from collections import Counter

from tests.recording import ROOT

RECORDS = sorted((ROOT / "docs/decisions").glob("*.md"))


def test_no_two_records_have_one_number() -> None:
    counted = Counter(path.name[:4] for path in RECORDS)
    assert [number for number, count in counted.items() if count > 1] == []


def test_a_title_begins_with_the_number_of_its_file() -> None:
    for path in RECORDS:
        found = re.match(r"# (\d+)\. \S", path.read_text(encoding="utf-8"))
        assert found, f"{path.name}: the title is not `# NUMBER. TITLE`"
        assert int(found[1]) == int(path.name[:4]), path.name
