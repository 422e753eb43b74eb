"""`ff smoke`: does a running Flagsmith do what it is there for?"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flagops.commands.flags.catalogue.complete import environments
from flagops.commands.smoke import suite, view
from flagops.commands.smoke.deployed import place_at, place_of
from flagops.commands.smoke.model import ORIGIN, CheckStatus
from flagops.commands.smoke.visit import visit
from flagops.console import output, progress
from flagops.errors import BadInputError, FailedError
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import SomeStackOption

if TYPE_CHECKING:
    from flagops.commands.smoke.model import SmokeTarget

TROUBLE = 1
UNSEEN_HINT = "Skip fewer checks, or give what they need: the --stack, or --environment-key and FLAGSMITH_API_KEY."
EDGE_HINT = "Give --url, without --stack."


def smoke(
    *,
    stack: SomeStackOption = None,
    url: Annotated[str | None, typer.Option("--url", help="An address other than the stack's own.")] = None,
    environment: Annotated[
        str | None,
        typer.Option(
            "--environment",
            "-e",
            help="The environment's name. Default: the stack's first.",
            autocompletion=environments,
        ),
    ] = None,
    environment_key: Annotated[
        str | None, typer.Option("--environment-key", "-k", help="The environment's client-side key.")
    ] = None,
    expected_version: Annotated[
        str | None, typer.Option("--expect-version", help="The release that must be running. Default: the stack's.")
    ] = None,
    skip: Annotated[list[str] | None, typer.Option("--skip", help="A check to leave out; repeat for more.")] = None,
    origin: Annotated[
        str | None, typer.Option("--origin", help="A page's origin, such as https://app.example.com. Default: any.")
    ] = None,
    edge_alone: Annotated[
        bool,
        typer.Option("--edge-alone", help="With --url: proxies of the edge answer there, and nothing else does."),
    ] = False,
    seconds: Annotated[
        float,
        typer.Option("--timeout", min=1, help="Seconds for the whole run; a check that is not done by then fails."),
    ] = 40,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit's XML to this file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Test a running Flagsmith from outside; exits with 1 if a check fails, or if no check could see anything.

    With --stack the keys come from the stack. With --url alone they come from --environment-key and the variables
    FLAGSMITH_API_KEY (an organisation's key; or a pipeline's ID token, as for `ff flags`) and FLAGSMITH_SERVER_KEY. A
    check that needs a missing key is skipped, and
    the last lines say so. What the answers contain is checked only with an administrator or an organisation's key:
    flags are then created, read and removed. It ends within a minute.
    """
    names = suite.chosen(skip or [])
    wanted = _Wanted(environment, environment_key, expected_version, seconds, origin or ORIGIN)
    if edge_alone and (url is None or stack is not None):
        raise BadInputError("--edge-alone is for an address alone: a stack says itself what it is.", hint=EDGE_HINT)
    with _place(stack, url, wanted, edge_alone=edge_alone) as place:
        progress().print(f"Testing {place.url}")
        with visit(place) as visited:
            results = list(suite.run(visited, names))
    if junit is not None:
        view.write_junit(junit, results, suite="smoke")
    if as_json:
        print_json(results)
    else:
        view.show(output(), results)
    failed = [result for result in results if result.outcome is CheckStatus.FAILED]
    nothing_seen = all(result.outcome is CheckStatus.SKIPPED for result in results)
    progress().print(f"{view.totals(results)}.", style="red" if failed or nothing_seen else "green")
    view.show_unseen(progress(), results)
    if nothing_seen:
        raise FailedError("No check could see anything, so nothing is known about this Flagsmith.", hint=UNSEEN_HINT)
    if failed:
        where = f" --stack {stack or LOCAL}" if url is None or stack else ""
        progress().print(f"`ff doctor{where}` looks for the cause.")
        if url is not None and stack is None and not edge_alone and failed[0].name == suite.FIRST:
            progress().print("An edge alone has no /health/liveness/: if that is what answers there, add --edge-alone.")
        raise typer.Exit(TROUBLE)


@dataclass(frozen=True)
class _Wanted:
    environment: str | None
    environment_key: str | None
    version: str | None
    seconds: float
    origin: str


@contextmanager
def _place(stack: str | None, url: str | None, wanted: _Wanted, *, edge_alone: bool = False) -> Iterator["SmokeTarget"]:
    if url is not None and stack is None:
        yield place_at(url, edge_alone=edge_alone, **vars(wanted))
        return
    with (
        open_instance(stack or LOCAL, needs_containers=url is None, takes_edge=True) as instance,
        place_of(instance, url=url, **vars(wanted)) as place,
    ):
        yield place
