"""`ff dashboard`: a dashboard in the Grafana of the stack's cluster."""

from typing import Annotated, Literal

import typer

from flagops.console import output, progress
from flagops.pods.port_forward import LOOPBACK, forward_to
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.ending import wait_for_interrupt
from flagops.terminal.stack_options import StackOption

GRAFANA_PORT = 3000


def dashboard(
    which: Annotated[
        Literal["service", "data", "flags"], typer.Argument(help="Which dashboard.", show_choices=True)
    ] = "service",
    *,
    stack: StackOption = LOCAL,
    local_port: Annotated[
        int, typer.Option("--port", "-p", min=0, max=65535, help="The port on this machine; 0 for any free one.")
    ] = GRAFANA_PORT,
    print_url: Annotated[bool, typer.Option("--print-url", help="Print the address and open no browser.")] = False,
) -> None:
    """Open a dashboard in the cluster's Grafana, through a forwarded port, until Ctrl-C."""
    # The settings' model takes a second to import.
    from components.monitoring.dashboards.model import Dashboard
    from flagops.commands.dashboard import grafana as logic

    with open_instance(stack, needs_containers=True) as instance:
        path = logic.path(instance, Dashboard(which))
        grafana = logic.find(instance)
        remote = grafana.pod_port(grafana.pod())
        with forward_to(instance, grafana.pod, remote, local_port=local_port, on_problem=progress().print) as port:
            url = f"http://{LOOPBACK}:{port}{path}"
            progress().print(f"Forwarding to Grafana, {grafana.name}. Ctrl-C ends it.")
            output().out(url, highlight=False)
            if not print_url:
                typer.launch(url)
            wait_for_interrupt()
