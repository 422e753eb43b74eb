"""Which engine deploys a stack: what was asked for, what made it, and what is there."""

from dataclasses import dataclass

from flagops.engines.deployer import EngineName
from flagops.errors import RefusedError, ToolError
from flagops.project import LOCAL

INSTALL_HINT = (
    "Either install the Pulumi CLI from pulumi.com (what it deploys can also be run with `pulumi` typed by hand),\n"
    "or add `--install-pulumi` (Pulumi's own installer downloads it into ~/.pulumi/versions),\n"
    "or add `--engine direct` (needs no CLI; keeps its state in the cluster, and the stack stays with that engine)."
)


# docs/engines.md has all of it.
LESS = (
    "The direct engine promises less than the Pulumi CLI: it keeps no history, records passwords plain in a Secret of "
    "kube-system, decrypts no `secure:` settings, and tells another cluster from yours only by clusterUid. See "
    "docs/engines.md."
)


@dataclass(frozen=True)
class Choice:
    """The engine, and why; `reason` is empty when it is simply the one that was asked for."""

    engine: EngineName
    reason: str = ""

    def warning(self, stack: str) -> str:
        """What this engine does not do for the stack, before it begins; empty where it does all that is expected."""
        return LESS if self.engine is EngineName.DIRECT and stack != LOCAL else ""


def choose(stack: str, *, wanted: EngineName | None, made_by: EngineName | None, has_cli: bool) -> Choice:
    """The engine for `stack`.

    Args:
        stack: Its name.
        wanted: What `--engine` says; it wins, unless the other engine made the stack.
        made_by: The engine that made the stack, as far as it is known; None for a stack that is not deployed.
        has_cli: Whether there is a Pulumi CLI to run.

    Raises:
        OpsError: The other engine made the stack, or the CLI is needed and is not there.
    """
    engine, reason = _preferred(stack, wanted, made_by, has_cli=has_cli)
    if made_by is not None and made_by is not engine:
        raise RefusedError(
            f"The stack {stack!r} was made by {made_by.label}, so {engine.label} must not touch it: it would make "
            "new passwords and leave the old objects to nobody.",
            hint=f"Use `--engine {made_by}`; or remove the stack with `ff down --stack {stack} --engine {made_by}` "
            "first, which deletes its data.",
        )
    if engine is EngineName.CLI and not has_cli:
        raise ToolError(
            f"The stack {stack!r} needs the Pulumi CLI, and there is no `pulumi` on PATH.", hint=INSTALL_HINT
        )
    return Choice(engine, reason)


def _preferred(
    stack: str, wanted: EngineName | None, made_by: EngineName | None, *, has_cli: bool
) -> tuple[EngineName, str]:
    if wanted is not None:
        return wanted, ""
    if made_by is EngineName.DIRECT or (made_by is not None and stack == LOCAL):
        return made_by, f"it made the stack {stack!r}"
    if stack != LOCAL:
        return EngineName.CLI, ""
    if has_cli:
        return EngineName.CLI, "`pulumi` is there"
    return EngineName.DIRECT, f"there is no `pulumi` on PATH, and the stack {LOCAL!r} can do without"
