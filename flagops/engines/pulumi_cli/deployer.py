"""The Pulumi CLI as an engine, driven by Pulumi's Automation API. All of Pulumi is imported when it is first needed."""

import json
import shlex
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING, Any

from flagops.engines.deployer import DeploymentPlan, DeploymentResult
from flagops.engines.direct.guard import way_to_remove
from flagops.engines.events import Event
from flagops.engines.own_cluster import StackCluster
from flagops.engines.pulumi_cli import hints, interrupted
from flagops.engines.pulumi_cli import state as pulumi_state
from flagops.engines.pulumi_cli.events import EventTranslator
from flagops.engines.pulumi_cli.kept_data import refuse_losses
from flagops.engines.pulumi_cli.settled import settle
from flagops.engines.pulumi_cli.watch import watching
from flagops.errors import ConflictError, FailedError, NotDeployedError, RefusedError
from flagops.evaluation.advisory import Advisory
from flagops.files import private_file
from flagops.stacks.files import Stack

if TYPE_CHECKING:
    # Pulumi takes half a second to import.
    from pulumi.automation import PulumiCommand
    from pulumi.automation import Stack as PulumiStack

Explain = Callable[[list[dict[str, Any]]], str]


@dataclass(frozen=True, kw_only=True)
class CliDeployer:
    """Deploys `stack` with the Pulumi CLI.

    Attributes:
        root: The project's directory.
        stack: The stack.
        command: The CLI.
        environment: What the CLI gets beside this process's environment: backend, passphrase, kubeconfig.
        on_event: Takes what happens, one call at a time.
        cluster: The cluster it goes to; Pulumi itself compares with its state only.
        explain: Says more about Kubernetes objects that failed (their pods' events and log lines).
        policy_packs: Directories of policy packs whose mandatory rules stop it.
        review: Judges the program, where there is no pack, before anything else; raises for a mandatory rule.
        makes_stack: Whether a stack that the backend does not know may be made even for a preview.
    """

    root: Path
    stack: Stack
    command: "PulumiCommand"
    on_event: Callable[[Event], None]
    cluster: StackCluster
    explain: Explain
    environment: Mapping[str, str] = field(default_factory=dict)
    policy_packs: tuple[Path, ...] = ()
    review: Callable[[], tuple[Advisory, ...]] | None = None
    makes_stack: bool = False

    def up(self) -> DeploymentResult:
        """Bring the cluster to what the program wants; makes the stack in the backend when it is not there."""
        judged = self.review() if self.review else ()
        stack = self._selected(make=True)
        adopted = self._adopted(stack)
        with self._listening() as heard, watching(heard, self.cluster):
            result = stack.up(
                # What was adopted is on record as it was to be, not as it is.
                refresh=True if adopted else None,
                on_event=heard,
                color="never",
                show_secrets=False,
                suppress_outputs=True,
                policy_packs=self._packs,
            )
        settle(self.cluster.kubeconfig, self.cluster.context, heard.changed, self.on_event)
        self.cluster.require_deployed()
        outputs = {k: "<secret>" if output.secret else output.value for k, output in result.outputs.items()}
        warnings = (*adopted, *heard.warnings, *self.cluster.without_issuer())
        return DeploymentResult(heard.counts, outputs, warnings, (*judged, *heard.advisories))

    def preview(self) -> DeploymentPlan:
        """What `up` would do; changes nothing."""
        judged = self.review() if self.review else ()
        stack = self._selected(make=self.makes_stack)
        state = self._state(stack)
        self._require_own(self._required(state))
        refuse_losses(state, self.stack, self.cluster.has)
        with self._listening(quiet=True) as heard:
            stack.preview(on_event=heard, color="never", policy_packs=self._packs)
        unchanged = heard.counts.get("unchanged", 0)
        warnings = (*heard.warnings, *self.cluster.without_issuer())
        return DeploymentPlan(tuple(heard.changes), unchanged, warnings, (*judged, *heard.advisories))

    def check_down(self, *, unprotect: bool = False) -> None:
        """Raise when the cluster is not the stack's, or the recorded state holds protected resources, listing them."""
        state = self._state(self._selected(make=False))
        self._required(state)
        protected = pulumi_state.protected(state)
        if protected and not unprotect:
            listed = "\n".join(f"  {item}" for item in protected)
            raise RefusedError(
                f"Nothing was deleted, since the stack {self.stack.name!r} holds protected resources:\n{listed}",
                hint=way_to_remove(self.stack.name),
            )

    def down(self, *, unprotect: bool = False) -> DeploymentResult:
        """Remove all that `up` made; the empty stack and its configuration stay."""
        self.check_down(unprotect=unprotect)
        stack = self._selected(make=False)
        if unprotect:
            self._run("state", "unprotect", "--all", "--yes")
        with self._listening() as heard:
            stack.destroy(on_event=heard, color="never", show_secrets=False, suppress_outputs=True)
        return DeploymentResult(heard.counts, warnings=tuple(heard.warnings))

    @property
    def _packs(self) -> list[str]:
        return [str(pack) for pack in self.policy_packs]

    def _typed(self, command: str) -> str:
        """The line that runs a command of the CLI on this stack by hand."""
        needed = {key: value for key, value in self.environment.items() if key.startswith("PULUMI_")}
        needed |= {key: value for key, value in self.environment.items() if key == "KUBECONFIG"}
        settings = [f"{key}={shlex.quote(value)}" for key, value in needed.items()]
        return " ".join([*settings, "pulumi", command, "--stack", self.stack.for_pulumi])

    def _run(self, *arguments: str) -> str:
        """What another command of the CLI prints, run on this stack."""
        with self._listening():
            environment = dict(self.environment)
            done = self.command.run([*arguments, "--stack", self.stack.for_pulumi], str(self.root), environment)
        return str(done.stdout)

    def _state(self, stack: "PulumiStack") -> pulumi_state.Deployment:
        """What is on record, secrets in plain text: it goes into no file."""
        with self._listening():
            return stack.export_stack().deployment or {}

    def _required(self, state: pulumi_state.Deployment) -> dict[str, str]:
        """Refuse a cluster that is not the one on record; the uids of the namespaces there, by name."""
        uids = pulumi_state.namespace_uids(state, self.cluster.identifier)
        self.cluster.require_same_namespace(uids)
        self.cluster.require(
            uids,
            hint=f"This takes what is gone out of Pulumi's state, and the next `ff up` makes it anew, empty:\n"
            f"  {self._typed('refresh')}",
        )
        return uids

    def _require_own(self, uids: Mapping[str, str]) -> None:
        """Refuse a namespace that another stack has, for a stack without one on record."""
        if not uids:
            self.cluster.require_own_namespace()

    def _adopted(self, stack: "PulumiStack") -> list[str]:
        """What is to be said of the objects that a killed run had begun to make, once the state has those it made."""
        state = self._state(stack)
        uids = self._required(state)
        self._require_own(uids)
        refuse_losses(state, self.stack, self.cluster.has)
        begun = pulumi_state.interrupted(state)
        made, said = interrupted.find(begun, uids, self.cluster)
        if begun:
            # Pulumi clears what is left of the pending operations; it would warn of them for ever.
            encrypted = json.loads(self._run("stack", "export"))
            encrypted["deployment"] = pulumi_state.completed(encrypted["deployment"], made)
            with private_file(json.dumps(encrypted)) as path:
                self._run("stack", "import", "--file", str(path))
        return said

    def _selected(self, *, make: bool) -> "PulumiStack":
        # Pulumi takes half a second to import.
        from pulumi import automation

        options = automation.LocalWorkspaceOptions(pulumi_command=self.command, env_vars=dict(self.environment))
        select = automation.create_or_select_stack if make else automation.select_stack
        try:
            with self._listening():
                return select(stack_name=self.stack.for_pulumi, work_dir=str(self.root), opts=options)
        except automation.StackNotFoundError:
            raise NotDeployedError(
                f"The backend that Pulumi is logged in to has no stack {self.stack.name!r}.",
                hint=f"`ff up --stack {self.stack.name}` makes it, as `pulumi stack init {self.stack.name}` does. "
                "Is it the right backend? `pulumi whoami --verbose` tells.",
            ) from None

    @contextmanager
    def _listening(self, *, quiet: bool = False) -> Iterator[EventTranslator]:
        """A listener for one run of the CLI, whose failure becomes an error that tells the cause."""
        # Pulumi takes half a second to import.
        from pulumi import automation

        heard = EventTranslator(_ignore if quiet else self.on_event)
        interrupted = Flag()
        try:
            with _interrupts_noted(interrupted):
                yield heard
        except automation.ConcurrentUpdateError:
            raise ConflictError(
                f"Another update of the stack {self.stack.name!r} is running.",
                hint="Wait for it to end. If it was killed, its lock is left; remove it with:\n"
                f"  {self._typed('cancel')}",
            ) from None
        except automation.StackNotFoundError:
            raise
        except automation.CommandError as error:
            if interrupted.is_set():
                raise KeyboardInterrupt from None
            if not (heard.errors or heard.violations):
                heard.add_error(hints.last_lines(str(error)))
            details = self.explain(heard.failed) if heard.failed else ""
            raise FailedError(
                "\n".join([*heard.causes(self._more), *([details] if details else [])]),
                hint=self._what_to_do(heard),
            ) from None

    @property
    def _more(self) -> str:
        return f"`ff policy check --stack {self.stack.name} --verbose` lists them."

    def _what_to_do(self, heard: EventTranslator) -> str:
        hint = hints.what_to_do(heard.errors, has_begun=heard.has_begun)
        return "\n".join([hint, *([interrupted.existing(heard.failed, self.cluster)] if heard.found_existing else [])])


@contextmanager
def _interrupts_noted(interrupted: Flag) -> Iterator[None]:
    """Let the CLI, which gets the terminal's interrupt too, end its run in order: it records what it has made."""
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _ignore(_: Event) -> None:
    """Nobody watches."""
