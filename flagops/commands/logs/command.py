"""`ff logs`: the pods' logs."""

from contextlib import nullcontext
from typing import Annotated

import typer

from flagops.commands.logs import logs as logic
from flagops.console import is_read, output
from flagops.errors import NotFoundError
from flagops.pods.pods import PodComponent
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.ending import until_interrupted
from flagops.terminal.stack_options import StackOption

LINES = 100


LINES_SEARCHED = 10_000


def logs(
    *,
    stack: StackOption = LOCAL,
    component: Annotated[
        list[PodComponent] | None,
        typer.Option("--component", "-c", help="The component; repeat for more. Default: all servers."),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Print new lines as they come, also of new pods, until Ctrl-C.")
    ] = False,
    lines: Annotated[
        int | None,
        typer.Option(
            "--lines",
            "-n",
            min=1,
            help="How many of each pod's last lines to print. Default: 100; with --request-id, 10,000.",
        ),
    ] = None,
    request_id: Annotated[
        str | None, typer.Option("--request-id", help="Print only the lines of the request with this X-Request-ID.")
    ] = None,
) -> None:
    """Print the pods' logs, secrets masked, each line with the name of its pod."""
    with (
        open_instance(stack, needs_containers=True, takes_edge=True) as instance,
        until_interrupted() if follow else nullcontext(),
    ):
        run = logic.follow if follow else logic.show
        if request_id is None:
            run(instance, component or logic.servers(instance), lines=lines or LINES, on_line=_line)
        else:
            found: list[str] = []

            def show_line(pod: str, line: str) -> None:
                found.append(pod)
                _line(pod, line)

            searched = lines or LINES_SEARCHED
            run(instance, component or logic.REQUESTS, lines=searched, on_line=logic.of_request(request_id, show_line))
            if not found:
                raise NotFoundError(
                    f"No line of the request {request_id} is among the last {searched} of each pod.",
                    hint="More with --lines; logs of pods that are gone are where your cluster collects them.",
                )


def _line(pod: str, line: str) -> None:
    output().out(f"{pod}  {line}", highlight=False)
    if not is_read():
        raise typer.Exit
