"""Applying rules to objects."""

from collections.abc import Iterable
from dataclasses import dataclass

from policies.exceptions import Excepted
from policies.model import Enforcement, Objects, Rule, Violation


@dataclass(frozen=True)
class Report:
    """What a check found, and the rules it could not ask, since what they look at was not to be seen."""

    violations: tuple[Violation, ...]
    unseen: tuple[Rule, ...] = ()

    def of(self, enforcement: Enforcement) -> tuple[Violation, ...]:
        """The violations of mandatory, or of advisory rules."""
        return tuple(item for item in self.violations if item.rule.enforcement is enforcement)


def check(objects: Objects, rules: Iterable[Rule], exceptions: Iterable[Excepted] = ()) -> Report:
    """Ask every rule that holds for these objects; violations in the order of the rules, without those excepted."""
    asked = [rule for rule in rules if objects.production or not rule.production_only]
    blind = any(item.protected is None for item in objects)
    unseen = tuple(rule for rule in asked if rule.needs_protection and blind)
    found = tuple(Violation(rule, finding) for rule in asked if rule not in unseen for finding in rule.check(objects))
    lifted = [entry for entry in exceptions if entry.scanner == "policy"]
    return Report(tuple(item for item in found if not any(_lifts(entry, item) for entry in lifted)), unseen)


def _lifts(entry: Excepted, violation: Violation) -> bool:
    found = violation.finding.object
    return entry.check == violation.rule.id and entry.holds_for(found.kind, found.name)
