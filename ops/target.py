"""From a stack's name to what deploys it: its file, its cluster, and the engine for it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops import local_context, pulumi_cli
from ops.deployer import Deployer, EngineName
from ops.direct import DirectDeployer
from ops.engine_choice import Choice, choose
from ops.errors import NoAccessError, OpsError
from ops.events import Event
from ops.files import make_directory
from ops.own_cluster import OwnCluster
from ops.project import LOCAL, ROOT
from ops.published import published_by
from ops.stacks import Stack, load_stack

if TYPE_CHECKING:
    from ops.cluster.api import ClusterStatus

OnEvent = Callable[[Event], None]
STATE_BYTES = 64 * 1024**2
"""Of Pulumi's own state, which it writes by itself."""
LOCAL_PASSPHRASE = "local"  # noqa: S105 - it protects nothing: the stack's salt is public, its state stays on this machine


@dataclass(frozen=True)
class Target:
    """A stack and its cluster.

    Attributes:
        stack: The stack.
        context: The kubeconfig's context it goes to; never the current one.
        kubeconfig: The local cluster's for the stack `local`; None means the user's own.
        is_mapped: Whether a port of this machine leads to the stack's Service, so that its address answers here.
        is_borrowed: Whether it is the stack `local` on a cluster that is not `ff`'s own.
    """

    stack: Stack
    context: str
    kubeconfig: Path | None = None
    is_mapped: bool = False
    is_borrowed: bool = False

    @property
    def is_local(self) -> bool:
        """Whether it is the stack of the local cluster."""
        return self.stack.name == LOCAL

    @property
    def backend(self) -> Path | None:
        """Where the CLI keeps the state of `local`; None for other stacks, whose backend is the user's."""
        return local_backend(self.kubeconfig) if self.kubeconfig else None


def find(name: str, context: str | None = None) -> Target:
    """The stack called `name` and its cluster. For `local` that must run; other clusters are not asked yet.

    Args:
        name: The stack's name.
        context: For `local` alone: a context of the user's kubeconfig, in place of `ff`'s own cluster. Default: the
            one that was named before, if any.
    """
    stack = load_stack(name, ROOT)
    own_context = settings_context(stack)
    if name != LOCAL:
        if context is not None:
            raise OpsError(
                f"--context is for the stack {LOCAL!r}: where {name!r} goes is written in {stack.path.name}.",
                hint=f"It says {stack.project}:context: {own_context}.",
            )
        return Target(stack, own_context)
    borrowed = context or local_context.remembered()
    if borrowed is not None:
        return _borrowed(stack, borrowed, is_new=context is not None)
    from ops.cluster import api

    status = api.status()
    if not status.up:
        problem = f"is not up: {status.problem}" if status.kind else "has not been made."
        raise OpsError(f"The local cluster {problem}", hint="Run `ff cluster up` (`make up` does both).")
    if status.kind == "kind":
        _require_mapping(stack, status)
    return Target(stack, own_context, api.kubeconfig_path(), is_mapped=status.published is not None)


def _borrowed(stack: Stack, context: str, *, is_new: bool) -> Target:
    from ops.cluster import api

    own = api.status()
    if own.kind is not None and is_new:
        raise OpsError(
            f"The stack {LOCAL!r} has a cluster of its own ({own.kind}), and can be on one only.",
            hint="`ff cluster down` deletes that, and all that it holds.",
        )
    return Target(local_context.on_context(stack, context), context, is_borrowed=True)


def _require_mapping(stack: Stack, status: "ClusterStatus") -> None:
    """Raise OpsError when the cluster was made for another port than the stack's file names now."""
    wanted, made = published_by(stack), status.published
    if wanted is not None and (made is None or (made.port, made.node_port) != (wanted.port, wanted.node_port)):
        there = f"port {made.port}, which leads to the nodes' port {made.node_port}" if made else "no port"
        raise OpsError(
            f"The local cluster was made with {there} of this machine; {stack.path.name} wants port {wanted.port}, to "
            f"the nodes' port {wanted.node_port}. The ports of a kind cluster cannot be changed.",
            hint="Set publicUrl and service.nodePort back, or make another cluster, without the data: "
            "ff cluster up --recreate",
        )


def settings_context(stack: Stack) -> str:
    """The stack's context, all its settings checked on the way."""
    from components.settings import SettingsError

    try:
        return stack.settings.context
    except SettingsError as error:
        raise OpsError(f"The stack {stack.name!r} has settings that are refused:\n{error}") from None


def choose_engine(target: Target, wanted: EngineName | None, *, install: bool) -> Choice:
    """The engine for the target, given what `--engine` says and whether the CLI may be installed."""
    if target.is_borrowed:
        if wanted is EngineName.CLI:
            raise OpsError(
                f"On another cluster than its own, the stack {LOCAL!r} is deployed by the direct engine, which keeps "
                "its record in that cluster.",
                hint=f"For the Pulumi CLI, copy {target.stack.path.name} to Pulumi.NAME.yaml, and write the context "
                "into it.",
            )
        return Choice(EngineName.DIRECT, "the cluster itself keeps the record")
    has_cli = install or pulumi_cli.find() is not None
    made_by_whom = None
    if has_cli or target.is_local or wanted is EngineName.DIRECT:
        made_by_whom = made_by(target, wanted)
    return choose(target.stack.name, wanted=wanted, made_by=made_by_whom, has_cli=has_cli)


def made_by(target: Target, wanted: EngineName | None) -> EngineName | None:
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
    target: Target, engine: EngineName, on_event: OnEvent, *, install: bool, makes_stack: bool = False
) -> Deployer:
    """What deploys the target; with `makes_stack` its preview too makes a stack that Pulumi does not know."""
    if engine is EngineName.DIRECT:
        return direct(target, on_event)
    from ops.automation import CliDeployer, find_command
    from ops.failure import explain

    return CliDeployer(
        root=ROOT,
        stack=target.stack,
        command=find_command(install=install),
        environment=_environment(target),
        on_event=on_event,
        cluster=OwnCluster(target.stack, target.kubeconfig, target.context),
        explain=lambda failed: explain(target.kubeconfig, target.context, failed),
        policy_packs=(policy_pack(),),
        makes_stack=makes_stack or target.is_local,
    )


def policy_pack() -> Path:
    """The directory of the policy pack; an error where the environment it runs in has not been made."""
    pack = ROOT / "policies"
    if not (pack / ".venv").is_dir():
        raise OpsError(f"The policy pack cannot run: there is no {pack / '.venv'}.", hint="Run `make setup`.")
    return pack


def direct(target: Target, on_event: OnEvent) -> DirectDeployer:
    """The direct engine for the target."""
    return DirectDeployer(ROOT, target.stack, target.kubeconfig, target.context, on_event)


def _environment(target: Target) -> Mapping[str, str]:
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


def local_backend(kubeconfig: Path) -> Path:
    """Where the CLI keeps the state of `local`: with the cluster's files, since it means nothing without it."""
    return kubeconfig.parent / "pulumi"


def _has_resources(backend: Path, stack: Stack) -> bool:
    """Whether the file backend records anything of the stack but the stack itself."""
    from components import bounds

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
