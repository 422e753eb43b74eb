"""From a stack's name to what deploys it: its file, its cluster, and the engine for it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flagops.errors import BadInputError, NotFoundError, RefusedError
from flagops.local_cluster import api
from flagops.project import LOCAL, root
from flagops.stacks import local_context
from flagops.stacks.files import Stack, load_stack
from flagops.stacks.published import published_by

if TYPE_CHECKING:
    from flagops.local_cluster.api import ClusterStatus

STATE_BYTES = 64 * 1024**2
"""Of Pulumi's own state, which it writes by itself."""


@dataclass(frozen=True)
class StackTarget:
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


def find(name: str, context: str | None = None) -> StackTarget:
    """The stack called `name` and its cluster. For `local` that must run; other clusters are not asked yet.

    Args:
        name: The stack's name.
        context: For `local` alone: a context of the user's kubeconfig, in place of `ff`'s own cluster. Default: the
            one that was named before, if any.
    """
    stack = load_stack(name, root())
    own_context = settings_context(stack)
    if stack.name != LOCAL:
        if context is not None:
            raise BadInputError(
                f"--context is for the stack {LOCAL!r}: where {stack.name!r} goes is written in {stack.path.name}.",
                hint=f"It says {stack.project}:context: {own_context}.",
            )
        return StackTarget(stack, own_context)
    borrowed = context or local_context.remembered()
    if borrowed is not None:
        return _borrowed(stack, borrowed, is_new=context is not None)
    status = api.status()
    if not status.up:
        problem = f"is not up: {status.problem}" if status.kind else "has not been made."
        raise NotFoundError(f"The local cluster {problem}", hint="Run `ff cluster up` (`make up` does both).")
    if status.kind == "kind":
        _require_mapping(stack, status)
    return StackTarget(stack, own_context, api.kubeconfig_path(), is_mapped=status.published is not None)


def _borrowed(stack: Stack, context: str, *, is_new: bool) -> StackTarget:
    own = api.status()
    if own.kind is not None and is_new:
        raise RefusedError(
            f"The stack {LOCAL!r} has a cluster of its own ({own.kind}), and can be on one only.",
            hint="`ff cluster down` deletes that, and all that it holds.",
        )
    return StackTarget(local_context.on_context(stack, context), context, is_borrowed=True)


def _require_mapping(stack: Stack, status: "ClusterStatus") -> None:
    """Raise OpsError when the cluster was made for another port than the stack's file names now."""
    wanted, made = published_by(stack), status.published
    if wanted is not None and (made is None or (made.port, made.node_port) != (wanted.port, wanted.node_port)):
        there = f"port {made.port}, which leads to the nodes' port {made.node_port}" if made else "no port"
        raise RefusedError(
            f"The local cluster was made with {there} of this machine; {stack.path.name} wants port {wanted.port}, to "
            f"the nodes' port {wanted.node_port}. The ports of a kind cluster cannot be changed.",
            hint="Set publicUrl and service.nodePort back, or make another cluster, without the data: "
            "ff cluster up --recreate",
        )


def settings_context(stack: Stack) -> str:
    """The stack's context, all its settings checked on the way."""
    # The settings' model takes a second to import.
    from components.settings import SettingsError

    try:
        return stack.settings.context
    except SettingsError as error:
        raise BadInputError(f"The stack {stack.name!r} has settings that are refused:\n{error}") from None


def local_backend(kubeconfig: Path) -> Path:
    """Where the CLI keeps the state of `local`: with the cluster's files, since it means nothing without it."""
    return kubeconfig.parent / "pulumi"
