"""`ff policy`: the rules that every deployment keeps, and whether manifests keep them."""

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flagops.console import first_few, output, progress
from flagops.errors import BadInputError
from flagops.evaluation.policy_review import of_manifests, of_stack, rules
from flagops.project import root
from flagops.stacks.files import load_stack
from flagops.stacks.left_out import left_out
from flagops.stacks.target import settings_context
from flagops.terminal.complete import stacks
from flagops.terminal.options import JsonOption, VerboseOption, print_json
from policies.model import Enforcement

if TYPE_CHECKING:
    from policies.check import Failure, Report
    from policies.model import Rule, Violation

VIOLATED = 1


PoliciesOption = Annotated[
    Path | None,
    typer.Option(
        "--policies",
        metavar="DIR",
        help="A directory with rules of your own. Default: policies/custom.",
        show_default=False,
    ),
]


def list_rules(*, policies: PoliciesOption = None, as_json: JsonOption = False) -> None:
    """List the rules, those of your own included."""
    found = rules(policies)
    if as_json:
        print_json([_rule(rule) for rule in found])
        return
    width = max(len(rule.id) for rule in found)
    for rule in found:
        output().print(f"{rule.id:<{width}}  {rule.enforcement.value:<9}  {rule.title}", markup=False, soft_wrap=True)


def check_rules(
    *,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE|DIR]...", help="Manifests, as `ff render` writes them or any others."),
    ] = None,
    stack: Annotated[
        str | None,
        typer.Option(
            "--stack",
            "-s",
            help="A stack in place of files, as it would be deployed.",
            show_default=False,
            autocompletion=stacks,
        ),
    ] = None,
    production: Annotated[
        bool,
        typer.Option(
            "--production",
            help="Apply the rules for production to files too. A stack's own settings say whether it is production.",
        ),
    ] = False,
    api_versions: Annotated[
        list[str] | None,
        typer.Option(
            "--api-versions",
            help="An API the stack's cluster has beyond Kubernetes' own, as in `ff render`; repeat for more.",
        ),
    ] = None,
    policies: PoliciesOption = None,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Check manifests, or a stack, against the rules; needs no cluster. Exits with 1 if a mandatory one is broken."""
    if (stack is None) == (not paths):
        raise BadInputError("Name either manifests, or a stack with --stack.")
    report = (
        _of_files(paths or [], policies, production=production)
        if stack is None
        else _of_stack(stack, policies, tuple(api_versions or ()), production=production)
    )
    if as_json:
        print_json(
            {
                "violations": [_violation(item) for item in report.violations],
                "notChecked": [rule.id for rule in report.unseen],
                "failed": [_failure(item) for item in report.failures],
            }
        )
    else:
        _show(report, every=verbose)
    if report.of(Enforcement.MANDATORY) or report.failures:
        raise typer.Exit(VIOLATED)


def _of_files(paths: list[Path], policies: Path | None, *, production: bool) -> "Report":
    return of_manifests(paths, production=production, directory=policies)


def _of_stack(name: str, policies: Path | None, api_versions: tuple[str, ...], *, production: bool) -> "Report":
    if production:
        raise BadInputError("--production is for files: a stack's own settings say whether it is production.")
    stack = load_stack(name, root())
    settings_context(stack)
    missing = left_out(stack, api_versions)
    if missing:
        progress().print(missing, style="yellow", markup=False, soft_wrap=True)
    return of_stack(root(), stack, policies, api_versions)


def _show(report: "Report", *, every: bool) -> None:
    for name, group in groupby(report.violations, lambda item: item.rule.id):
        places = list(group)
        rule = places[0].rule
        times = f", {len(places)} times" if len(places) > 1 else ""
        lines = first_few([item.place for item in places], "--verbose", every=every)
        text = "\n  ".join([f"{rule.enforcement.value}: {name}{times}: {rule.title}. {rule.remedy}", *lines])
        output().print(text, markup=False, soft_wrap=True)
    for failure in report.failures:
        output().print(f"failed: {failure}", markup=False, soft_wrap=True)
    for rule in report.unseen:
        progress().print(
            f"Not checked: {rule.id}. It is about an option of Pulumi's resources, which manifests do not show; "
            "`ff policy check --stack` sees it.",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    if not report.violations and not report.failures:
        seen = "No rule that was checked is broken." if report.unseen else "No rule is broken."
        progress().print(seen, style="green")


def _rule(rule: "Rule") -> dict[str, object]:
    return {
        "id": rule.id,
        "title": rule.title,
        "description": rule.description,
        "enforcement": rule.enforcement,
        "remedy": rule.remedy,
        "productionOnly": rule.production_only,
    }


def _failure(failure: "Failure") -> dict[str, object]:
    return {
        "rule": failure.rule.id,
        "object": None if failure.object is None else str(failure.object),
        "error": failure.error,
    }


def _violation(violation: "Violation") -> dict[str, object]:
    found = violation.finding
    return {
        "rule": violation.rule.id,
        "enforcement": violation.rule.enforcement,
        "kind": found.object.kind,
        "namespace": found.object.namespace,
        "name": found.object.name,
        "path": found.path,
        "value": found.value,
        "allowed": found.allowed,
        "remedy": violation.rule.remedy,
    }
