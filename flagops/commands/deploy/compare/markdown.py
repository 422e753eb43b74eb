"""Differences as Markdown: for a comment on a pull request, or to read."""

import html
import re
from collections import Counter
from collections.abc import Sequence

from flagops.commands.deploy.compare.manifests import ObjectDifference

MOST_CHARACTERS = 60_000  # GitHub takes 65,536 in a comment
SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}


def markdown(differences: Sequence[ObjectDifference], *, title: str) -> str:
    """A heading, the sum, and a foldable diff for each object; the longest that do not fit a comment are named only."""
    if not differences:
        return f"### {title}\n\nNo manifest changes.\n"
    counts = Counter(item.action for item in differences)
    total = ", ".join(f"{counts[action]} to {action}" for action in SIGNS if counts[action])
    head = f"### {title}\n\n{total}.\n"
    folded = [_folded(item) for item in differences]
    fitting, length = set(), len(head)
    for number in sorted(range(len(folded)), key=lambda number: len(folded[number])):
        length += len(folded[number])
        if length > MOST_CHARACTERS:
            break
        fitting.add(number)
    parts = [head, *(part for number, part in enumerate(folded) if number in fitting)]
    left = [item for number, item in enumerate(differences) if number not in fitting]
    if left:
        names = "\n".join(f"- {SIGNS[other.action]} `{other.name}`" for other in left[:50])
        parts.append(f"\n{len(left)} more, too long to show here:\n\n{names}\n")
    return "".join(parts)


def _folded(item: ObjectDifference) -> str:
    # A diff may hold a fence of its own; a longer one cannot be closed by it.
    fence = "`" * max(3, max((len(run) for run in _runs(item.diff)), default=0) + 1)
    summary = f"<summary>{SIGNS[item.action]} {item.action} <code>{_escaped(item.name)}</code></summary>"
    return f"\n<details>{summary}\n\n{fence}diff\n{item.diff}\n{fence}\n\n</details>\n"


def _runs(text: str) -> list[str]:
    return re.findall(r"`+", text)


def _escaped(text: str) -> str:
    return html.escape(text)
