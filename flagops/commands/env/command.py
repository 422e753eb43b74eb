"""`ff env`: the environment of a stack's container, for use by hand."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from flagops.commands.env import container_environment as logic
from flagops.commands.env.container_environment import FlagsmithComponent
from flagops.console import output, progress
from flagops.errors import BadInputError
from flagops.evaluation.evaluate import evaluate
from flagops.evaluation.generated import Placeholders
from flagops.kubernetes.client import Client
from flagops.kubernetes.connection import connect
from flagops.project import LOCAL, root
from flagops.stacks import target
from flagops.stacks.files import load_stack
from flagops.stacks.role import require_flagsmith
from flagops.stacks.target import settings_context
from flagops.terminal.stack_options import StackOption

if TYPE_CHECKING:
    from flagops.commands.env.container_environment import SecretValue


class Format(StrEnum):
    """How the variables are written."""

    SHELL = "shell"
    JSON = "json"


def env(
    *,
    stack: StackOption = LOCAL,
    component: Annotated[
        FlagsmithComponent, typer.Option("--component", help="The component whose environment is printed.")
    ] = FlagsmithComponent.API,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Print the deployed secrets in clear, read from the stack's cluster.")
    ] = False,
    generate: Annotated[
        bool,
        typer.Option(
            "--generate", help="Print secrets made up for this call in place of the deployed ones; needs no cluster."
        ),
    ] = False,
    postgres: Annotated[
        str | None, typer.Option("--postgres", help="Another DATABASE_URL.", metavar="URL", show_default=False)
    ] = None,
    redis: Annotated[
        str | None,
        typer.Option("--redis", help="Another REDIS_URL; all caches follow.", metavar="URL", show_default=False),
    ] = None,
    as_format: Annotated[Format, typer.Option("--format", help="shell: for eval.")] = Format.SHELL,
) -> None:
    """Print a container's environment as its process sees it: secrets masked, references expanded, 127.0.0.1 as pod IP.

    With --show-secrets or --generate, and --postgres and --redis, you can run a Flagsmith outside the cluster with it.
    """
    if show_secrets and generate:
        raise BadInputError("--show-secrets and --generate cannot be used together.", hint="Leave one of them out.")
    overrides = {}
    if postgres is not None:
        overrides["DATABASE_URL"] = logic.check_postgres_url(postgres)
    if redis is not None:
        overrides["REDIS_URL"] = logic.check_redis_url(redis)
    if overrides and not (show_secrets or generate):
        raise BadInputError(
            "--postgres and --redis hold passwords, and secrets are masked here.",
            hint="Add --show-secrets (the deployed secrets) or --generate (made-up ones).",
        )
    variables = _variables(stack, component, overrides, show_secrets=show_secrets, generate=generate)
    for name in overrides.keys() - variables.keys():
        progress().print(f"The {component.value} container has no {name}: the option for it changes nothing.")
    output().out(logic.as_json(variables) if as_format is Format.JSON else logic.as_shell(variables), highlight=False)


def _variables(
    stack: str, component: FlagsmithComponent, overrides: dict[str, str], *, show_secrets: bool, generate: bool
) -> dict[str, str]:
    found = load_stack(stack, root())
    settings_context(found)
    require_flagsmith(found)
    program = evaluate(root(), found, {} if generate else Placeholders())
    namespace, container = logic.container(program, component)
    if not (show_secrets or generate):
        return logic.without_plain_secrets(logic.resolve(container, logic.masked, overrides), found.harmless)
    if show_secrets:
        values = _with_deployed(stack, namespace, lambda secret: logic.resolve(container, secret, overrides))
    else:
        values = logic.resolve(container, logic.from_program(program, namespace), overrides)
    left_out = logic.of_the_pod(container)
    if left_out:
        progress().print(f"Left out, for they name files that only the pod has: {', '.join(left_out)}.")
    return {name: value for name, value in values.items() if name not in left_out}


def _with_deployed(stack: str, namespace: str, resolve: "Callable[[SecretValue], dict[str, str]]") -> dict[str, str]:
    place = target.find(stack)
    client = Client(connect(place.kubeconfig, place.context))
    try:
        return resolve(logic.from_cluster(client.get, namespace, f"context {place.context!r}"))
    finally:
        client.close()
