"""Differences as Markdown: for a comment on a pull request, or to read."""

import html
import re
from collections import Counter
from collections.abc import Sequence

from flagops.commands.deploy.compare.manifests import ObjectDifference

MOST_CHARACTERS = 60_000  # GitHub takes 65,536 in a comment
SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}


def markdown(differences: Sequence[ObjectDifference], *, title: str) -> str:
    """A heading, the sum, and a foldable diff for each object; what is too long for a comment is named only."""
    if not differences:
        return f"### {title}\n\nNo manifest changes.\n"
    counts = Counter(item.action for item in differences)
    total = ", ".join(f"{counts[action]} to {action}" for action in SIGNS if counts[action])
    parts = [f"### {title}\n\n{total}.\n"]
    length = len(parts[0])
    for number, item in enumerate(differences):
        part = _folded(item)
        if length + len(part) > MOST_CHARACTERS:
            left = differences[number:]
            names = "\n".join(f"- {SIGNS[other.action]} `{other.name}`" for other in left[:50])
            parts.append(f"\n{len(left)} more, too long to show here:\n\n{names}\n")
            break
        parts.append(part)
        length += len(part)
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
