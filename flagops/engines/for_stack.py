"""From a stack to the engine that deploys it."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from components.text import bounds
from flagops.engines.choice import Choice, choose
from flagops.engines.deployer import Deployer, EngineName
from flagops.engines.events import Event
from flagops.engines.own_cluster import StackCluster
from flagops.engines.pulumi_cli import find as pulumi_cli
from flagops.engines.pulumi_cli.explain import explain
from flagops.errors import NoAccessError, ToolError, UnsupportedError
from flagops.evaluation.policy_review import review_stack
from flagops.files import make_directory
from flagops.project import LOCAL, for_children, root
from flagops.stacks.files import Stack
from flagops.stacks.target import STATE_BYTES, StackTarget, local_backend

if TYPE_CHECKING:
    from flagops.engines.direct.deployer import DirectDeployer

OnEvent = Callable[[Event], None]


PACK_FILE: Final = "PulumiPolicy.yaml"
LOCAL_PASSPHRASE = "local"  # noqa: S105 - it protects nothing: the stack's salt is public, its state stays on this machine


def choose_engine(target: StackTarget, wanted: EngineName | None, *, install: bool) -> Choice:
    """The engine for the target, given what `--engine` says and whether the CLI may be installed."""
    if target.is_borrowed:
        if wanted is EngineName.CLI:
            raise UnsupportedError(
                f"On another cluster than its own, the stack {LOCAL!r} is deployed by the direct engine, which keeps "
                "its record in that cluster.",
                hint=f"For the Pulumi CLI, copy {target.stack.path.name} to Pulumi.NAME.yaml, and write the context "
                "into it.",
            )
        return Choice(EngineName.DIRECT, "the cluster itself keeps the record")
    has_cli = install or pulumi_cli.find() is not None
    return choose(target.stack.name, wanted=wanted, made_by=made_by(target, wanted), has_cli=has_cli)


def made_by(target: StackTarget, wanted: EngineName | None) -> EngineName | None:
    """The engine that made the stack, as far as can be told from here.

    The direct engine's record is in the cluster. The CLI's is in its backend, of which only that of `local` is read:
    elsewhere the direct engine refuses objects which Pulumi owns.
    """
    if target.backend and _has_resources(target.backend, target.stack):
        return EngineName.CLI
    if wanted is EngineName.DIRECT:
        return None  # it reads its own record anyway
    try:
        return EngineName.DIRECT if direct(target, _ignore).has_made_stack() else None
    except NoAccessError:
        if target.is_local:
            raise
        # Who may not read the record (it is among kube-system's Secrets), or cannot reach the cluster from here, may
        # still run Pulumi, which asks for no more than the program needs.
        return None


def deployer(
    target: StackTarget, engine: EngineName, on_event: OnEvent, *, install: bool, makes_stack: bool = False
) -> Deployer:
    """What deploys the target; with `makes_stack` its preview too makes a stack that Pulumi does not know."""
    if engine is EngineName.DIRECT:
        return direct(target, on_event)
    # Pulumi's own way to its CLI takes half a second to import.
    from flagops.engines.pulumi_cli.deployer import CliDeployer
    from flagops.engines.pulumi_cli.program import find_command

    project, pack = root(), policy_pack()
    return CliDeployer(
        root=project,
        stack=target.stack,
        command=find_command(install=install),
        environment={**for_children(project), **_environment(target)},
        on_event=on_event,
        cluster=StackCluster(target.stack, target.kubeconfig, target.context),
        explain=lambda failed: explain(target.kubeconfig, target.context, failed),
        policy_packs=(pack,) if pack else (),
        review=None if pack else partial(review_stack, project, target.stack),
        makes_stack=makes_stack or target.is_local,
    )


def policy_pack() -> Path | None:
    """The directory of the project's policy pack; an error where the environment it runs in has not been made.

    None for a project without one, whose program `ff` has to judge by itself: Pulumi would run it unjudged.
    """
    pack = root() / "policies"
    if not (pack / PACK_FILE).is_file():
        return None
    if not (pack / ".venv").is_dir():
        raise ToolError(f"The policy pack cannot run: there is no {pack / '.venv'}.", hint="Run `make setup`.")
    return pack


def direct(target: StackTarget, on_event: OnEvent) -> "DirectDeployer":
    """The direct engine for the target."""
    # Pulumi takes half a second to import.
    from flagops.engines.direct.deployer import DirectDeployer

    return DirectDeployer(root(), target.stack, target.kubeconfig, target.context, on_event)


def _environment(target: StackTarget) -> Mapping[str, str]:
    if target.backend is None:
        return {}
    return local_environment(target.kubeconfig) if target.kubeconfig else {}


def local_environment(kubeconfig: Path) -> dict[str, str]:
    """What `pulumi` needs in its environment for the stack `local`; makes the directory of its state."""
    backend = local_backend(kubeconfig)
    make_directory(backend, hint="It must be in a directory you can write to; see FF_STATE_DIR.")
    backend.chmod(0o700)
    return {
        "PULUMI_BACKEND_URL": backend.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": LOCAL_PASSPHRASE,
        "KUBECONFIG": str(kubeconfig),
    }


def _has_resources(backend: Path, stack: Stack) -> bool:
    """Whether the file backend records anything of the stack but the stack itself."""
    path = backend / ".pulumi" / "stacks" / stack.project / f"{stack.name}.json"
    try:
        state = json.loads(bounds.text_of(path, STATE_BYTES))
    except (FileNotFoundError, ValueError, RecursionError):
        return False
    try:
        latest = (state.get("checkpoint") or {}).get("latest") or {}
        return any(resource.get("custom") for resource in latest.get("resources") or [])
    except AttributeError:
        return False


def _ignore(_: Event) -> None:
    """Nobody watches."""
