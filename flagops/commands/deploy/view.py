"""What a run ends with: what changed, and how to use what is deployed. Data goes to stdout, the rest to stderr."""

import json
from collections import Counter
from collections.abc import Mapping

from rich.console import Console

from flagops.console import FEW
from flagops.engines.deployer import DeploymentPlan, DeploymentResult, EngineName
from flagops.evaluation.advisory import warnings
from flagops.local_cluster.api import SIMULATED_NOTE
from flagops.stacks.target import StackTarget

SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}
STYLES = {"create": "green", "update": "yellow", "replace": "magenta", "delete": "red"}


def show_plan(console: Console, plan: DeploymentPlan) -> None:
    """A line for each change, its fields below it, and the totals."""
    # The settings' model, which it knows, takes a second to import.
    from components.deployment.kept_data import GOES_WITH_DATA

    often = {note: count for note, count in Counter(change.note for change in plan.changes).items() if count > FEW}
    often = {note: count for note, count in often.items() if note not in ("", GOES_WITH_DATA)}
    for change in plan.changes:
        note = f"  ({change.note})" if change.note and change.note not in often else ""
        sign, style = SIGNS.get(change.action, "?"), STYLES.get(change.action, "")
        console.print(f"{sign} {change.action:<7} {change.kind} {change.name}{note}", style=style, markup=False)
        for field in change.fields:
            console.print(f"            {field}", markup=False)
    for note, count in often.items():
        console.print(f"{count} of them: {note}.", style="dim", markup=False)
    actions = [change.action for change in plan.changes]
    totals = [f"{actions.count(action)} to {action}" for action in dict.fromkeys(actions)]
    console.print(f"{', '.join(totals) or 'No changes'}; {plan.unchanged} unchanged.", markup=False)


def plan_as_json(plan: DeploymentPlan, engine: EngineName) -> str:
    """The plan for programs."""
    changes = [
        {"action": item.action, "kind": item.kind, "name": item.name, "fields": item.fields, "note": item.note}
        for item in plan.changes
    ]
    return json.dumps(
        {
            "engine": engine,
            "changes": changes,
            "unchanged": plan.unchanged,
            "warnings": [*plan.warnings, *(advisory.text for advisory in plan.advisories)],
        },
        indent=2,
    )


def show_warnings(console: Console, texts: tuple[str, ...]) -> None:
    """Each warning on lines of its own."""
    for text in texts:
        console.print(f"Warning: {text}", style="yellow", markup=False, soft_wrap=True)


def show_advisories(console: Console, found: DeploymentPlan | DeploymentResult, stack: str, *, every: bool) -> None:
    """The rules of the policy that advise against something: each once, with the first few objects or with `every`."""
    more = f"--verbose, or `ff policy check --stack {stack} --verbose`"
    show_warnings(console, tuple(warnings(found.advisories, more, every=every)))


def totals(result: DeploymentResult, seconds: float) -> str:
    """One line: `12 created, 3 unchanged, in 41 s`."""
    counted = ", ".join(f"{number} {name}" for name, number in result.counts.items()) or "nothing to do"
    return f"{counted}, in {seconds:.1f} s"


def show_login(console: Console, target: StackTarget, outputs: Mapping[str, object], *, is_served: bool = True) -> None:
    """Where it is, how to log in, and which Secrets hold what; never a secret."""
    rows = {
        "URL": outputs.get("url") if is_served else "none: nothing is served, since the nodes are simulated",
        "Namespace": outputs.get("namespace"),
        "Administrator": outputs.get("adminEmail"),
    }
    for title, value in rows.items():
        if value and title == "URL" and is_served and target.is_borrowed:
            value = f"{value}   (while this runs: ff port-forward --stack {target.stack.name})"
        if value:
            console.print(f"{title + ':':<15}{value}", markup=False)
    secrets = outputs.get("secrets")
    if isinstance(secrets, Mapping) and secrets:
        listed = ", ".join(f"{name} ({purpose})" for purpose, name in secrets.items())
        console.print(f"{'Secrets:':<15}{listed}", markup=False)
    if outputs.get("adminPasswordCommand"):
        password = f"ff admin password --stack {target.stack.name}"
        console.print(f"To log in, print the administrator's password with: {password}", markup=False)


def show_simulated_note(console: Console) -> None:
    """What a deployment to simulated nodes is, and what would serve."""
    console.print(
        f"\nNothing is served. {SIMULATED_NOTE}\n"
        "Or deploy to a cluster of your own: set `host` and `context` in Pulumi.staging.yaml, and run: "
        "ff up --stack staging\n"
        "To have flags served to SDKs now, here and without a cluster: ff flags serve",
        markup=False,
    )
