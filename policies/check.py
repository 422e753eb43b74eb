"""Applying rules to objects."""

import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from policies.exceptions import Excepted
from policies.model import Enforcement, Finding, Object, Objects, Rule, Scope, Violation
from policies.unknown import Run, Unknown, UnknownUsedError, raw, watching


@dataclass(frozen=True)
class Unjudged:
    """What a rule has to know, and cannot before the deployment: `path` of `owner`, an object as people name it."""

    rule: Rule
    owner: str
    path: str


@dataclass(frozen=True)
class Failure:
    """A rule that ended with an error: the object that it looked at, if it came to one; the error with its place."""

    rule: Rule
    object: Object | None
    error: str

    def __str__(self) -> str:
        """One line: the rule, the object, the error, what to do."""
        at = f" {self.object}:" if self.object is not None else ""
        return f"{self.rule.id}:{at} the rule itself failed, and judged nothing: {self.error}. Correct the rule."


@dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes:
        violations: what breaks a rule for certain.
        unseen: the rules that were not asked, since what they look at was not to be seen.
        unjudged: what the deployment will judge, since it is not known before.
        failures: the rules that failed.
    """

    violations: tuple[Violation, ...]
    unseen: tuple[Rule, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()
    failures: tuple[Failure, ...] = ()

    def of(self, enforcement: Enforcement) -> tuple[Violation, ...]:
        """The violations of mandatory, or of advisory rules."""
        return tuple(item for item in self.violations if item.rule.enforcement is enforcement)


def check(objects: Objects, rules: Iterable[Rule], exceptions: Iterable[Excepted] = ()) -> Report:
    """Ask every rule that holds for these objects; violations in the order of the rules, without those excepted."""
    asked = [rule for rule in rules if objects.production or not rule.production_only]
    blind = any(item.protected is None for item in objects.items)
    unseen = tuple(rule for rule in asked if rule.needs_protection and blind)
    lifted = [entry for entry in exceptions if entry.scanner == "policy"]
    found = [item for rule in asked if rule not in unseen for item in _asked(rule, objects, lifted)]
    return Report(
        tuple(item for item in found if isinstance(item, Violation)),
        unseen,
        tuple(dict.fromkeys(item for item in found if isinstance(item, Unjudged))),
        tuple(item for item in found if isinstance(item, Failure)),
    )


def _asked(rule: Rule, objects: Objects, lifted: list[Excepted]) -> Iterator[Violation | Unjudged | Failure]:
    """What one rule says, asked about each object by itself unless it has to see all."""
    whole = rule.scope is Scope.STACK
    for view in [objects] if whole else [replace(objects, items=(item,)) for item in objects.items]:
        with watching() as run:
            try:
                for finding in rule.check(view):
                    yield from _judged(rule, finding, run, lifted)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a rule may be anybody's
                if isinstance(error, UnknownUsedError):
                    run.read.append(error.unknown)
                elif not run.read:
                    yield Failure(rule, view.items[0] if len(view.items) == 1 else run.at, _told(error))
        for unknown in (*run.left, *run.read):
            yield Unjudged(rule, unknown.owner, unknown.path)


def _judged(rule: Rule, finding: Finding, run: Run, lifted: list[Excepted]) -> Iterator[Violation | Unjudged]:
    if run.read:
        return  # it may rest on what is not known, and that is told at the end
    if isinstance(finding.value, Unknown):
        yield Unjudged(rule, finding.value.owner, finding.value.path)
        return
    entries = [entry for entry in lifted if entry.check == rule.id]
    name = raw(raw(finding.object.manifest, "metadata"), "name")
    if isinstance(name, Unknown):
        # Whether an exception holds for it is seen by its name.
        if any(pattern.startswith(f"{finding.object.kind}/") for entry in entries for pattern in entry.objects):
            yield Unjudged(rule, name.owner, name.path)
            return
        entries = []
    if not any(entry.holds_for(finding.object.kind, finding.object.name) for entry in entries):
        yield Violation(rule, finding)


def _told(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
