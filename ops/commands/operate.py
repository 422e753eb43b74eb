"""`ff status`, `logs`, `restart`, `shell`, `port-forward`, `open`: looking at a stack, and the way into it."""

from contextlib import nullcontext
from typing import Annotated

import typer

from ops.access.pods import Component
from ops.commands.ending import until_interrupted, wait_for_interrupt
from ops.commands.options import JsonOption, print_json
from ops.commands.stack import StackOption
from ops.console import is_read, output, progress
from ops.errors import OpsError
from ops.project import LOCAL

ComponentOption = Annotated[
    Component, typer.Option("--component", "-c", help="Which of the stack's components.", show_choices=True)
]
TROUBLE = 1
LINES = 100
LINES_SEARCHED = 10_000


def status(*, stack: StackOption = LOCAL, as_json: JsonOption = False) -> None:
    """Show pods, rollouts, jobs, budgets, autoscaler, volumes and certificate at a glance; exits with 1 on trouble."""
    from ops.access.site import open_site
    from ops.operate import report
    from ops.operate.status import status as look

    with open_site(stack) as site:
        found = look(site)
    if as_json:
        print_json({**vars(found), "is_fine": found.is_fine})
    else:
        report.show(output(), found)
    if found.is_simulated:
        progress().print(f"Nothing runs: the nodes in context {found.context!r} are simulated.", style="red")
        raise typer.Exit(TROUBLE)
    if not found.is_fine:
        progress().print(f"Something is not as it should be: `ff doctor --stack {stack}` says why.", style="red")
        raise typer.Exit(TROUBLE)


def logs(
    *,
    stack: StackOption = LOCAL,
    component: Annotated[
        list[Component] | None, typer.Option("--component", "-c", help="Whose; repeat for more. Default: all servers.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with each new line, also of new pods, until Ctrl-C.")
    ] = False,
    lines: Annotated[
        int | None,
        typer.Option(
            "--lines", "-n", min=1, help="How many of each pod's last lines. Default: 100; with --request-id, 10,000."
        ),
    ] = None,
    request_id: Annotated[
        str | None, typer.Option("--request-id", help="Only the lines of the request with this X-Request-ID.")
    ] = None,
) -> None:
    """Print the pods' logs, secrets masked, each line with the name of its pod."""
    from ops.access.site import open_site
    from ops.operate import logs as logic

    with open_site(stack, needs_containers=True) as site, until_interrupted() if follow else nullcontext():
        run = logic.follow if follow else logic.show
        if request_id is None:
            run(site, component or logic.SERVERS, lines=lines or LINES, on_line=_line)
        else:
            found: list[str] = []

            def tell(pod: str, line: str) -> None:
                found.append(pod)
                _line(pod, line)

            searched = lines or LINES_SEARCHED
            run(site, component or logic.REQUESTS, lines=searched, on_line=logic.of_request(request_id, tell))
            if not found:
                raise OpsError(
                    f"No line of the request {request_id} is among the last {searched} of each pod.",
                    hint="More with --lines; logs of pods that are gone are where your cluster collects them.",
                )


def _line(pod: str, line: str) -> None:
    output().out(f"{pod}  {line}", highlight=False)
    if not is_read():
        raise typer.Exit


def restart(
    *,
    stack: StackOption = LOCAL,
    component: Annotated[
        list[Component] | None,
        typer.Option("--component", "-c", help="Which; repeat for more. Default: api and task-processor."),
    ] = None,
    seconds: Annotated[float, typer.Option("--timeout", min=1, help="Seconds to wait for each.")] = 900,
) -> None:
    """Replace the pods, as `kubectl rollout restart` does, and wait until the new ones serve."""
    from ops.access.site import open_site
    from ops.operate import restart as logic

    with open_site(stack, needs_containers=True) as site:
        logic.restart(site, component or logic.DEFAULT, seconds=seconds, on_step=progress().print)


def shell(
    *,
    stack: StackOption = LOCAL,
    component: ComponentOption = Component.API,
    container: Annotated[str | None, typer.Option("--container", help="Another than the main one.")] = None,
) -> None:
    """Open a shell in a running container."""
    from ops.access.pods import running
    from ops.access.site import open_site
    from ops.access.terminal import interactive

    with open_site(stack, needs_containers=True) as site:
        code = interactive(site, running(site, component), ["sh"], container=container)
    raise typer.Exit(code)


def port_forward(
    *,
    stack: StackOption = LOCAL,
    component: ComponentOption = Component.API,
    local_port: Annotated[
        int | None, typer.Option("--port", "-p", min=0, max=65535, help="The port here; 0 for any free one.")
    ] = None,
    remote_port: Annotated[
        int | None, typer.Option("--remote-port", min=1, max=65535, help="Another port of the pod than its main one.")
    ] = None,
) -> None:
    """Serve a component's port on 127.0.0.1 until Ctrl-C; it outlives a rollout. By default Flagsmith, on 8000."""
    from ops.access.forward import forward
    from ops.access.site import open_site
    from ops.operate.ports import main_port

    remote = remote_port or main_port(component)
    with open_site(stack, needs_containers=True) as site:
        local = remote if local_port is None else local_port
        with forward(site, component, remote, local_port=local, on_problem=progress().print) as port:
            address = f"127.0.0.1:{port}"
            if component is Component.API:
                mine = f"http://{site.settings.host}:{port}"
                address = mine if mine == site.settings.url else f"http://localhost:{port}"
            progress().print(f"Forwarding to port {remote} of {component.value}. Ctrl-C ends it.")
            output().print(address)
            wait_for_interrupt()


def open_url(
    *,
    stack: StackOption = LOCAL,
    browser: Annotated[bool, typer.Option("--browser", help="Open it in the browser too.")] = False,
) -> None:
    """Print where the stack's Flagsmith is, and where the administrator's password is; it must be running."""
    from ops.access.pods import Component, running
    from ops.access.site import open_site
    from ops.operate.admin import password_command

    with open_site(stack, needs_containers=True) as site:
        running(site, Component.API)
        settings, command = site.settings, password_command(site)
        output().print(f"URL       {settings.url}")
        output().print(f"E-mail    {settings.admin_email}")
        output().print(f"Password  {command}", markup=False)
        forward = f"`ff port-forward --stack {stack}`, then the address that it prints"
        if not site.is_published:
            output().print(f"No ingress: {forward}")
        elif not settings.ingress.enabled and not site.is_mapped:
            output().print(f"The stack has no Ingress: a route of your own leads there. Without one: {forward}")
    if browser:
        typer.launch(settings.url)
