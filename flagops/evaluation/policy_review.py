"""The rules as a gate before a deployment."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from flagops.console import first_few
from flagops.errors import BadInputError, RefusedError
from flagops.evaluation.advisory import Advisory
from flagops.evaluation.evaluate import evaluate
from flagops.evaluation.generated import Placeholders
from flagops.evaluation.policy_objects import of_files, of_program
from flagops.evaluation.program import Program
from flagops.project import root_or_none
from flagops.stacks.files import Stack
from policies import custom_rules
from policies.check import Report, check
from policies.exceptions import Excepted, ExceptionsError, exceptions
from policies.model import Enforcement, Objects, Rule, Violation
from policies.rules import RULES

HINT = "Correct the cause. Or except one object from the rule, with a reason: docs/policy.md says how."


def rules(directory: Path | None = None) -> tuple[Rule, ...]:
    """All rules, those in `directory` (default: `own_rules`) included; one that cannot be used is an OpsError."""
    if directory is not None and not directory.is_dir():
        raise BadInputError(f"{directory} is not a directory; --policies names one with Python files.")
    try:
        return custom_rules.all_rules(directory or own_rules())
    except custom_rules.PolicyError as error:
        raise BadInputError(str(error)) from None


def own_rules() -> Path | None:
    """Where the project's own rules are, `policies/custom`; None outside of a project."""
    project = root_or_none()
    return project / "policies" / "custom" if project else None


def of_stack(root: Path, stack: Stack, directory: Path | None = None, api_versions: tuple[str, ...] = ()) -> Report:
    """What the rules say about a stack as it would be deployed; asks no cluster."""
    program = evaluate(root, stack, Placeholders(), api_versions or None)
    return _check(of_program(program, production=stack.settings.production, harmless=stack.harmless), directory)


def review_stack(root: Path, stack: Stack) -> tuple[Advisory, ...]:
    """What breaks advisory rules in a stack as it would be deployed; a mandatory one is an OpsError."""
    program = evaluate(root, stack, Placeholders())
    return refuse_violations(program, production=stack.settings.production, harmless=stack.harmless)


def of_manifests(paths: list[Path], *, production: bool, directory: Path | None = None) -> Report:
    """What the rules say about manifests in files."""
    return _check(of_files(paths, production=production), directory)


def refuse_violations(
    program: Program, *, production: bool, harmless: frozenset[str] = frozenset()
) -> tuple[Advisory, ...]:
    """What breaks advisory rules; a violation of a mandatory one is an OpsError, which names the first few of each.

    `harmless` are values that look like secrets and are none, by the stack's settings.
    """
    report = _check(of_program(program, production=production, harmless=harmless))
    refuse_failures(report)
    mandatory = report.of(Enforcement.MANDATORY)
    if mandatory:
        more = f"`ff policy check --stack {program.stack} --verbose` lists them."
        listed = "\n".join(f"  {line}" for line in _grouped(mandatory, more))
        raise RefusedError(f"Nothing was changed, since the program breaks rules of the policy:\n{listed}", hint=HINT)
    return tuple(Advisory(item.rule.id, str(item)) for item in report.of(Enforcement.ADVISORY))


def refuse_plain_secrets(objects: Objects) -> None:
    """A secret that is written out in an object is an OpsError, which names each place and no value."""
    report = check(objects, [rule for rule in RULES if rule.id == "plain-secret"], _exceptions())
    if report.violations:
        listed = "\n".join(f"  {item}" for item in report.violations)
        raise RefusedError(
            f"Nothing was written, since what is to be written holds secrets in clear:\n{listed}", hint=HINT
        )


def refuse_failures(report: Report) -> None:
    """Rules that failed are an OpsError: whether they are kept is not known."""
    if report.failures:
        listed = "\n".join(f"  {item}" for item in report.failures)
        raise RefusedError(
            f"Nothing was changed, since rules of the policy failed:\n{listed}", hint="See docs/policy.md."
        )


def _grouped(violations: Iterable[Violation], more: str) -> Iterator[str]:
    """The first few violations of each rule, and how many more there are: one cause often breaks a rule many times."""
    for _, group in groupby(violations, lambda item: item.rule.id):
        yield from first_few([str(item) for item in group], more)


def _check(objects: Objects, directory: Path | None = None) -> Report:
    return check(objects, rules(directory), _exceptions())


def _exceptions() -> tuple[Excepted, ...]:
    try:
        return exceptions(root_or_none())
    except ExceptionsError as error:
        raise BadInputError(str(error)) from None
