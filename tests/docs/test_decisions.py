"""The records of decisions: each has a number of its own, which its title says too."""

import re

from tests.recording import ROOT

RECORDS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def test_the_numbers_go_up_by_one_and_the_titles_say_them() -> None:
    numbers = [int(path.name.split("-")[0]) for path in RECORDS]
    titles = [re.match(r"# (\d+)\. ", path.read_text(encoding="utf-8")) for path in RECORDS]

    assert numbers == list(range(1, len(RECORDS) + 1))
    assert [int(title[1]) if title else None for title in titles] == numbers
