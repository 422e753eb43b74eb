"""`ff cluster`: the local cluster that the stack `local` runs on."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from flagops.commands.cluster import memory
from flagops.console import output, progress
from flagops.engines.for_stack import local_environment
from flagops.errors import RefusedError
from flagops.local_cluster import api, docker
from flagops.local_cluster.choice import explained
from flagops.local_cluster.contents import contents
from flagops.project import LOCAL, root
from flagops.stacks import local_context
from flagops.stacks.files import load_stack
from flagops.stacks.published import published_by
from flagops.stacks.target import settings_context
from flagops.terminal.confirm import agree

if TYPE_CHECKING:
    from flagops.local_cluster.api import ClusterStatus, Kind


def up(
    *,
    kind: Annotated[
        bool | None,
        typer.Option(
            "--kind/--simulated",
            help="Choose kind (needs Docker) or simulated nodes. Default: kind if Docker is installed.",
            show_default=False,
        ),
    ] = None,
    recreate: Annotated[
        bool, typer.Option("--recreate", help="Delete the cluster that is there, with its data, and make another.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --recreate: do not ask; for scripts.")] = False,
) -> None:
    """Create the local cluster, or repair it, and wait until it is ready; what it holds is kept."""
    borrowed = local_context.remembered()
    if borrowed is not None:
        _use(borrowed, asked=kind is not None or recreate)
        return
    stack = load_stack(LOCAL, root())
    settings_context(stack)
    wanted: Kind | None = None if kind is None else "kind" if kind else "simulated"
    if recreate:
        _confirm(contents(), yes=yes)
    if wanted != "simulated" and docker.is_installed() and (recreate or api.status().kind is None):
        text, is_enough = memory.said(stack)
        if text:
            progress().print(text, style="" if is_enough else "yellow", markup=False)
    try:
        cluster = api.up(progress(), kind=wanted, published=published_by(stack), recreate=recreate)
    except docker.DockerError as error:
        raise explained(error, api.status()) from None
    now = api.status()
    output().print(f"The local cluster runs: {_description(now)}.")
    if cluster.kind == "simulated":
        output().print(api.SIMULATED_NOTE)
    output().print(f"To use it: export KUBECONFIG={shlex.quote(str(cluster.kubeconfig))}", markup=False)


def _use(context: str, *, asked: bool) -> None:
    """The stack is on a cluster that is not ours: there is none to make, and nothing there to repair."""
    if asked:
        raise RefusedError(
            f"The stack {LOCAL!r} is on the cluster in context {context!r}, which is not ff's.",
            hint="To have one of its own again, remove it there first: ff down --stack local",
        )
    output().print(f"The stack {LOCAL!r} is on the cluster in context {context!r}: that one is used.", markup=False)


def _confirm(lost: str, *, yes: bool) -> None:
    """Name what goes, and ask; nothing is asked where nothing is lost."""
    if not lost:
        return
    progress().print(f"This deletes the local cluster with all that it holds: {lost}", style="yellow", markup=False)
    agree("Deleting a cluster", "Delete it?", yes=yes)


def down() -> None:
    """Delete the local cluster and its files; everything deployed to it is lost."""
    borrowed = local_context.remembered()
    if borrowed is not None:
        raise RefusedError(
            f"The stack {LOCAL!r} is on the cluster in context {borrowed!r}, which is not ff's, and stays.",
            hint="Remove the stack from it: ff down --stack local. If that cluster is gone, forget it: "
            "ff cluster forget",
        )
    there = api.down(progress())
    output().print("The local cluster is gone." if there else "There is no local cluster.")


def forget() -> None:
    """Forget the cluster that `ff up --stack local --context NAME` named; what is deployed there is kept."""
    borrowed = local_context.remembered()
    local_context.forget()
    output().print(
        f"The stack {LOCAL!r} is no longer looked for in context {borrowed!r}." if borrowed else "There is none.",
        markup=False,
    )


def status(*, as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON, for programs.")] = False) -> None:
    """Show the local cluster; exits with 1 when it is not up."""
    borrowed = local_context.remembered()
    if borrowed is not None:
        output().print(
            json.dumps({"context": borrowed}) if as_json else f"not ff's own: the cluster in context {borrowed!r}",
            markup=False,
        )
        return
    now = api.status()
    if as_json:
        output().print(json.dumps(asdict(now), indent=2, default=str), markup=False)
    else:
        _print(now)
    if not now.up:
        raise typer.Exit(1)


def kubeconfig(
    *,
    env: Annotated[
        bool,
        typer.Option("--env", help="Print the variables a shell needs to run `pulumi` by hand on the stack `local`."),
    ] = False,
) -> None:
    """Print the path of the local cluster's kubeconfig."""
    path = api.kubeconfig_path()
    if not env:
        output().print(str(path), markup=False)
        return
    for name, value in local_environment(path).items():
        output().print(f"export {name}={shlex.quote(value)}", markup=False)


def _print(now: ClusterStatus) -> None:
    if now.kind is None:
        output().print("There is no local cluster. Make one with: ff cluster up")
        return
    if now.up:
        output().print(f"up: {_description(now)}")
    else:
        output().print(f"not up ({now.kind}): {now.problem}", markup=False)
        output().print("Repair it with: ff cluster up (it waits for what is coming up; what the cluster holds stays)")
    for process in now.processes:
        output().print(f"  process {process.name}: {'running' if process.alive else 'ended'}, pid {process.pid}")
    for node in now.nodes:
        place = f", zone {node.zone}" if node.zone else ""
        output().print(f"  node {node.name}: {'ready' if node.ready else 'not ready'}{place}")
    if now.published:
        output().print(f"  serves the stack `local` at {now.published.url}", markup=False)
    if now.kubeconfig:
        output().print(f"  kubeconfig: {now.kubeconfig}", markup=False)


def _description(now: ClusterStatus) -> str:
    ready = sum(node.ready for node in now.nodes)
    zones = len({node.zone for node in now.nodes if node.zone})
    sort = "kind" if now.kind == "kind" else "simulated nodes"
    return f"{sort}, Kubernetes {now.version}, {ready} of {len(now.nodes)} nodes ready in {zones} zones"
