"""A rule of one's own: every object says which team answers for it. Copy it to policies/custom/ to have it kept."""

from collections.abc import Iterator

from policies.model import MISSING, Enforcement, Finding, Objects, Rule

LABEL = "example.com/team"


def _labels(objects: Objects) -> Iterator[Finding]:
    for item in objects:
        if not item.labels.get(LABEL):
            yield Finding(item, f"metadata.labels[{LABEL}]", MISSING, "the team's name")


RULES = [
    Rule(
        id="team-label",
        title="Every object carries the label of its team",
        description="Whoever is woken by it at night knows whom to ask.",
        enforcement=Enforcement.MANDATORY,
        remedy="Add the label.",
        check=_labels,
    )
]
