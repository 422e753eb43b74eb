"""`ff cluster`: the local cluster that the stack `local` runs on."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ops.console import output, progress

if TYPE_CHECKING:
    from ops.cluster.api import ClusterStatus, Kind

app = typer.Typer(no_args_is_help=True, help="The local cluster that the stack `local` runs on.")


@app.command()
def up(
    *,
    kind: Annotated[
        bool | None,
        typer.Option(
            "--kind/--simulated",
            help="Force kind (needs Docker) or simulated nodes. Default: kind where Docker answers.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make the local cluster, or repair it; one that runs is left as it is."""
    from ops.cluster import api

    wanted: Kind | None = None if kind is None else "kind" if kind else "simulated"
    cluster = api.up(progress(), kind=wanted)
    now = api.status()
    output().print(f"The local cluster runs: {_description(now)}.")
    if cluster.kind == "simulated":
        output().print(api.SIMULATED_NOTE)
    output().print(f"To use it: export KUBECONFIG={cluster.kubeconfig}", markup=False)


@app.command()
def down() -> None:
    """End the local cluster and remove its files; everything deployed to it is lost."""
    from ops.cluster import api

    there = api.down(progress())
    output().print("The local cluster is gone." if there else "There is no local cluster.")


@app.command()
def status(*, as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON, for programs.")] = False) -> None:
    """Show the local cluster; exits with 1 when it is not up."""
    from ops.cluster import api

    now = api.status()
    if as_json:
        output().print(json.dumps(asdict(now), indent=2, default=str), markup=False)
    else:
        _print(now)
    if not now.up:
        raise typer.Exit(1)


@app.command()
def kubeconfig(
    *,
    env: Annotated[
        bool, typer.Option("--env", help="Print what a shell must set for `pulumi` typed by hand on the stack `local`.")
    ] = False,
) -> None:
    """Print the path of the local cluster's kubeconfig."""
    from ops.cluster import api

    path = api.kubeconfig_path()
    if not env:
        output().print(str(path), markup=False)
        return
    from ops.target import local_environment

    for name, value in local_environment(path).items():
        output().print(f"export {name}={shlex.quote(value)}", markup=False)


def _print(now: ClusterStatus) -> None:
    if now.kind is None:
        output().print("There is no local cluster. Make one with: ff cluster up")
        return
    if now.up:
        output().print(f"up: {_description(now)}")
    else:
        output().print(f"not up ({now.kind}): {now.problem} Repair it with: ff cluster up", markup=False)
    for process in now.processes:
        output().print(f"  process {process.name}: {'running' if process.alive else 'ended'}, pid {process.pid}")
    for node in now.nodes:
        place = f", zone {node.zone}" if node.zone else ""
        output().print(f"  node {node.name}: {'ready' if node.ready else 'not ready'}{place}")
    if now.kubeconfig:
        output().print(f"  kubeconfig: {now.kubeconfig}", markup=False)


def _description(now: ClusterStatus) -> str:
    ready = sum(node.ready for node in now.nodes)
    zones = len({node.zone for node in now.nodes if node.zone})
    sort = "kind" if now.kind == "kind" else "simulated nodes"
    return f"{sort}, Kubernetes {now.version}, {ready} of {len(now.nodes)} nodes ready in {zones} zones"
