"""`ff status`, `logs`, `restart`, `shell`, `port-forward`, `open`: looking at a stack, and the way into it."""

from typing import Annotated

import typer

from flagops.console import output, progress
from flagops.pods import restart as logic
from flagops.pods.pods import PodComponent, running
from flagops.pods.port_forward import forward
from flagops.pods.ports import main_port
from flagops.pods.terminal import interactive
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.ending import wait_for_interrupt
from flagops.terminal.stack_options import StackOption

ComponentOption = Annotated[
    PodComponent, typer.Option("--component", "-c", help="Which of the stack's components.", show_choices=True)
]


def restart(
    *,
    stack: StackOption = LOCAL,
    component: Annotated[
        list[PodComponent] | None,
        typer.Option("--component", "-c", help="The component; repeat for more. Default: api and task-processor."),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            min=1,
            help="Seconds to wait for each. Default: as long as `ff up` does, by the number of pods.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Replace the pods, as `kubectl rollout restart` does, and wait until the new ones serve."""
    with open_instance(stack, needs_containers=True, takes_edge=True) as instance:
        logic.restart(instance, component or logic.servers(instance), seconds=seconds, on_step=progress().print)


def shell(
    *,
    stack: StackOption = LOCAL,
    component: ComponentOption = PodComponent.API,
    container: Annotated[str | None, typer.Option("--container", help="A container other than the main one.")] = None,
) -> None:
    """Open a shell in a running container."""
    with open_instance(stack, needs_containers=True, takes_edge=True) as instance:
        code = interactive(instance, running(instance, component), ["sh"], container=container)
    raise typer.Exit(code)


def port_forward(
    *,
    stack: StackOption = LOCAL,
    component: ComponentOption = PodComponent.API,
    local_port: Annotated[
        int | None, typer.Option("--port", "-p", min=0, max=65535, help="The port on this machine; 0 for any free one.")
    ] = None,
    remote_port: Annotated[
        int | None, typer.Option("--remote-port", min=1, max=65535, help="A port of the pod other than its main one.")
    ] = None,
) -> None:
    """Serve a component's port on 127.0.0.1 until Ctrl-C, through rollouts too. By default Flagsmith, on 8000."""
    remote = remote_port or main_port(component)
    with open_instance(stack, needs_containers=True, takes_edge=True) as instance:
        local = remote if local_port is None else local_port
        with forward(instance, component, remote, local_port=local, on_problem=progress().print) as port:
            address = f"127.0.0.1:{port}"
            if component is PodComponent.API:
                mine = f"http://{instance.settings.host}:{port}"
                address = mine if mine == instance.settings.url else f"http://localhost:{port}"
            progress().print(f"Forwarding to port {remote} of {component.value}. Ctrl-C ends it.")
            output().print(address)
            wait_for_interrupt()


def open_url(
    *,
    stack: StackOption = LOCAL,
    browser: Annotated[bool, typer.Option("--browser", help="Open it in the browser too.")] = False,
) -> None:
    """Print where the stack's Flagsmith is, and where the administrator's password is; it must be running."""
    with open_instance(stack, needs_containers=True) as instance:
        running(instance, PodComponent.API)
        settings = instance.settings
        output().print(f"URL       {settings.url}")
        output().print(f"E-mail    {settings.admin_email}")
        output().print(f"Password  ff admin password --stack {instance.stack.name}", markup=False)
        forward = f"`ff port-forward --stack {stack}`, then the address that it prints"
        if not instance.is_published:
            output().print(f"No ingress: {forward}")
        elif not (settings.ingress.enabled or settings.gateway.enabled or instance.is_mapped):
            output().print(f"The stack has no Ingress: a route of your own leads there. Without one: {forward}")
    if browser:
        typer.launch(settings.url)
