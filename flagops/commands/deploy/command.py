"""`ff up`, `ff preview`, `ff down`: deploy a stack, show what that would change, and remove it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flagops.commands.deploy import view
from flagops.commands.deploy.compare.commits import of_commit
from flagops.commands.deploy.compare.manifests import differences, of_stack
from flagops.commands.deploy.compare.markdown import markdown
from flagops.commands.deploy.moving import alone, refuse_busy, refuse_moving
from flagops.commands.deploy.progress import Progress
from flagops.commands.flags.reconcile.command import apply_catalogue, checked
from flagops.console import output, progress
from flagops.engines import older as releases
from flagops.engines.deployer import EngineName
from flagops.engines.for_stack import choose_engine, deployer
from flagops.kubernetes.simulated_nodes import HINT, SimulatedError, nothing_runs_in
from flagops.pods.given_up import start_again
from flagops.pods.writers import left_stopped
from flagops.project import LOCAL, root
from flagops.stacks import local_context
from flagops.stacks import target as targets
from flagops.stacks.deployed import open_instance
from flagops.stacks.files import load_stack
from flagops.stacks.left_out import left_out
from flagops.terminal.confirm import confirm, require_terminal, type_name
from flagops.terminal.options import VerboseOption
from flagops.terminal.stack_options import EngineOption, InstallOption, StackOption, YesOption

if TYPE_CHECKING:
    from flagops.engines.choice import Choice
    from flagops.stacks.target import StackTarget

ContextOption = Annotated[
    str | None,
    typer.Option(
        "--context",
        metavar="NAME",
        help="For the stack `local`: a cluster you have, by its name in your kubeconfig, in place of ff's own.",
        show_default=False,
    ),
]
OlderOption = Annotated[
    bool,
    typer.Option(
        "--older", help="Allow an older release after a restore. The migration still refuses a newer database."
    ),
]


def up(
    *,
    stack: StackOption = LOCAL,
    context: ContextOption = None,
    engine: EngineOption = None,
    yes: YesOption = False,
    install_pulumi: InstallOption = False,
    older: OlderOption = False,
    flags: Annotated[
        Path | None,
        typer.Option("--flags", metavar="CATALOGUE", help="Then apply this catalogue of flags.", show_default=False),
    ] = None,
    verbose: VerboseOption = False,
) -> None:
    """Deploy a stack, and wait until it is rolled out."""
    catalogue = checked(flags) if flags else None
    target, choice = _resolve(stack, engine, install=install_pulumi, context=context)
    refuse_moving(target.stack)
    refuse_busy(target)
    _refuse_older(target, older=older)
    _check(target, applies=catalogue is not None)
    if (not target.is_local or context is not None) and not yes:
        require_terminal(f"Deploying the stack {stack!r}")
        with Progress(progress(), f"Comparing {_where(target)}") as compare:
            plan = deployer(target, choice.engine, compare, install=install_pulumi, makes_stack=True).preview()
        view.show_plan(progress(), plan)
        confirm(f"Deploy {_where(target)}?")
        # Somebody may have begun while it was asked.
        refuse_busy(target)
    if context is not None:
        local_context.remember(context)
    _deploy(target, choice, install=install_pulumi, verbose=verbose)
    _start_stopped(target)
    if flags is not None and catalogue is not None:
        apply_catalogue(catalogue, flags, stack=stack, yes=yes or target.is_local)


def _start_stopped(target: "StackTarget") -> None:
    """Start what a run that was killed had stopped: a deployment leaves the number of pods that it did not change."""
    if target.stack.settings.is_edge:
        return

    def on_step(line: str) -> None:
        progress().print(line, markup=False)

    with open_instance(target.stack.name) as instance:
        if not left_stopped(instance):
            return
        # What a run has stopped that began during the deployment, it starts itself.
        with alone(instance):
            start_again(instance, on_step)


def _check(target: "StackTarget", *, applies: bool) -> None:
    """Refuse, before anything is changed, what would end half-way."""
    if applies and _nothing_runs(target):
        raise SimulatedError(
            f"No flags can be applied: the nodes in context {target.context!r} are simulated, and nothing runs.",
            hint=HINT,
        )
    if target.is_borrowed:
        local_context.require_storage(target.stack, target.kubeconfig, target.context)


def _nothing_runs(target: "StackTarget") -> bool:
    return nothing_runs_in(target.kubeconfig, target.context, target.stack.settings.namespace.name)


def deploy(stack: str, engine: EngineName | None, *, older: bool = False, moves: bool = False) -> None:
    """Deploy a stack without asking, as a step of another command.

    `older` if that has undone newer migrations, `moves` if it moves the database.
    """
    target, choice = _resolve(stack, engine, install=False)
    if not moves:
        refuse_moving(target.stack)
    _refuse_older(target, older=older)
    _deploy(target, choice, install=False)


def _deploy(target: "StackTarget", choice: "Choice", *, install: bool, verbose: bool = False) -> None:
    with Progress(progress(), f"Deploying {_where(target)} with {choice.engine.label}") as run:
        result = deployer(target, choice.engine, run, install=install).up()
    view.show_warnings(progress(), result.warnings)
    view.show_advisories(progress(), result, target.stack.name, every=verbose)
    progress().print(f"Deployed: {view.totals(result, run.seconds)}.", style="green")
    is_simulated = _nothing_runs(target)
    view.show_login(output(), target, result.outputs, is_served=not is_simulated)
    if is_simulated:
        view.show_simulated_note(output())


def preview(
    *,
    stack: StackOption = LOCAL,
    context: ContextOption = None,
    engine: EngineOption = None,
    install_pulumi: InstallOption = False,
    older: OlderOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the changes as JSON, for programs.")] = False,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="COMMIT",
            help="Compare with the manifests of another commit in place of the cluster, as Markdown; needs no access.",
            show_default=False,
        ),
    ] = None,
    verbose: VerboseOption = False,
) -> None:
    """Show what `ff up` would change; changes nothing."""
    if against is not None:
        _compare(stack, against)
        return
    target, choice = _resolve(stack, engine, install=install_pulumi, context=context)
    _refuse_older(target, older=older)
    with Progress(progress(), f"Comparing {_where(target)} with {choice.engine.label}") as run:
        plan = deployer(target, choice.engine, run, install=install_pulumi).preview()
    view.show_warnings(progress(), plan.warnings)
    view.show_advisories(progress(), plan, target.stack.name, every=verbose)
    if as_json:
        output().print(view.plan_as_json(plan, choice.engine), markup=False)
    else:
        view.show_plan(output(), plan)


def _compare(stack: str, commit: str) -> None:
    found = load_stack(stack, root())
    changes = differences(of_commit(root(), commit, stack), of_stack(root(), found))
    output().out(markdown(changes, title=f"Manifests of {stack}, against {commit}"), highlight=False)
    view.show_warnings(progress(), tuple(filter(None, [left_out(found)])))


def down(
    *,
    stack: StackOption = LOCAL,
    engine: EngineOption = None,
    unprotect: Annotated[
        bool, typer.Option("--unprotect", help="Remove protected objects too, when you give up the stack.")
    ] = False,
    yes: YesOption = False,
    install_pulumi: InstallOption = False,
) -> None:
    """Remove everything that `ff up` created, data included; refused without --unprotect if anything is protected."""
    target, choice = _resolve(stack, engine, install=install_pulumi)
    run = Progress(progress(), f"Removing {_where(target)} with {choice.engine.label}")
    remover = deployer(target, choice.engine, run, install=install_pulumi)
    remover.check_down(unprotect=unprotect)
    if not yes:
        require_terminal(f"Removing the stack {stack!r} and its data")
        question = f"Remove {_where(target)} and all its data?"
        if unprotect:
            prompt = f"{question} What is protected goes too. Type the stack's name"
            type_name(prompt, stack, called="the stack's name")
        else:
            confirm(question)
    with run:
        result = remover.down(unprotect=unprotect)
    view.show_warnings(progress(), result.warnings)
    progress().print(f"Removed: {view.totals(result, run.seconds)}.", style="green")
    if target.is_borrowed:
        local_context.forget()


def _resolve(
    stack: str, engine: EngineName | None, *, install: bool, context: str | None = None
) -> "tuple[StackTarget, Choice]":
    found = targets.find(stack) if context is None else targets.find(stack, context)
    choice = choose_engine(found, engine, install=install)
    if choice.reason:
        progress().print(f"Using {choice.engine.label}: {choice.reason}.", markup=False, soft_wrap=True)
    warning = choice.warning(found.stack.name)
    if warning:
        progress().print(warning, style="yellow", markup=False, soft_wrap=True)
    return found, choice


def _refuse_older(target: "StackTarget", *, older: bool) -> None:
    if not older:
        releases.refuse_older(target)


def _where(target: "StackTarget") -> str:
    return f"the stack {target.stack.name!r} in context {target.context!r}"
