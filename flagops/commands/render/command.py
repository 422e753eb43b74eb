"""`ff render`: a stack as plain YAML files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flagops.commands.render.render import render as write
from flagops.console import output, progress
from flagops.local_cluster import api
from flagops.project import LOCAL, root
from flagops.stacks.files import load_stack
from flagops.stacks.left_out import left_out
from flagops.stacks.target import settings_context
from flagops.terminal.stack_options import StackOption

if TYPE_CHECKING:
    from flagops.stacks.files import Stack


def render(
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The directory to write to: new, empty or rendered before.")],
    stack: StackOption = LOCAL,
    api_versions: Annotated[
        list[str] | None,
        typer.Option(
            "--api-versions",
            help="An API the cluster has beyond Kubernetes' own, such as monitoring.coreos.com/v1; repeat for more. "
            "Default: apiVersions in the stack's file. Objects that need another API are left out and listed.",
            show_default=False,
        ),
    ] = None,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Write the generated secrets in clear, read from the cluster.")
    ] = False,
) -> None:
    """Write a stack's manifests, one file per component, for review and GitOps; needs no cluster."""
    found = load_stack(stack, root())
    context = settings_context(found)
    files = write(
        root(),
        found,
        out,
        show_secrets=show_secrets,
        api_versions=tuple(api_versions or ()),
        kubeconfig=_kubeconfig(found) if show_secrets else None,
        context=context,
    )
    for file in files:
        output().print(str(file), markup=False)
    progress().print(f"{len(files)} files of the stack {stack!r} are in {out}.", markup=False)
    _tell_what_is_left_out(found, api_versions or [])
    if show_secrets:
        progress().print("They hold secrets in clear: do not commit them.", style="yellow")


def _tell_what_is_left_out(stack: "Stack", api_versions: list[str]) -> None:
    missing = left_out(stack, api_versions)
    if missing:
        progress().print(missing, style="yellow", markup=False, soft_wrap=True)


def _kubeconfig(stack: "Stack") -> Path | None:
    if stack.name != LOCAL:
        return None
    return api.kubeconfig_path()
