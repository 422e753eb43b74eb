"""`ff smoke`: does a running Flagsmith do what it is there for?"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.commands.options import JsonOption, print_json
from ops.console import output, progress
from ops.errors import OpsError
from ops.project import LOCAL

if TYPE_CHECKING:
    from ops.smoke.model import Place

API_KEY = "FLAGSMITH_API_KEY"
SERVER_KEY = "FLAGSMITH_SERVER_KEY"
TROUBLE = 1


def smoke(
    *,
    stack: Annotated[
        str | None,
        typer.Option("--stack", "-s", help="The stack. Default: local, unless --url is given.", show_default=False),
    ] = None,
    url: Annotated[str | None, typer.Option("--url", help="Another address than the stack's own.")] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", help="The environment's name. Default: the stack's first.")
    ] = None,
    environment_key: Annotated[
        str | None, typer.Option("--environment-key", "-k", help="The environment's client-side key.")
    ] = None,
    expected_version: Annotated[
        str | None, typer.Option("--expect-version", help="The release it has to be. Default: the stack's.")
    ] = None,
    skip: Annotated[list[str] | None, typer.Option("--skip", help="A check to leave out; repeat for more.")] = None,
    seconds: Annotated[float, typer.Option("--timeout", min=1, help="Seconds that each check may go on trying.")] = 30,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit's XML to this file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Test a running Flagsmith from outside; exits with 1 when a check fails.

    With --stack the keys come from the stack. With --url alone they come from --environment-key and the variables
    FLAGSMITH_API_KEY (an organisation's key) and FLAGSMITH_SERVER_KEY; what needs a missing one is skipped.
    """
    from dataclasses import replace

    from ops.smoke import report, suite
    from ops.smoke.keys import open_keys
    from ops.smoke.model import Outcome

    names = suite.chosen(skip or [])
    with _place(stack, url, environment, environment_key, seconds) as found:
        place = replace(found, version=expected_version) if expected_version else found
        progress().print(f"Testing {place.url}")
        with open_keys(place) as keys:
            results = list(suite.run(place, keys, names))
    if junit is not None:
        report.write_junit(junit, results, suite="smoke")
    if as_json:
        print_json(results)
    else:
        report.show(output(), results)
    failed = [result for result in results if result.outcome is Outcome.FAILED]
    progress().print(f"{report.totals(results)}.", style="red" if failed else "green")
    if failed:
        where = f" --stack {stack or LOCAL}" if url is None or stack else ""
        progress().print(f"`ff doctor{where}` looks for the cause.")
        raise typer.Exit(TROUBLE)


@contextmanager
def _place(
    stack: str | None, url: str | None, environment: str | None, environment_key: str | None, seconds: float
) -> Iterator["Place"]:
    from ops.access.site import open_site
    from ops.smoke.deployed import place_of
    from ops.smoke.model import Place

    server_key = os.environ.get(SERVER_KEY)
    address = _checked(url)
    if address is not None and stack is None:
        api_key = os.environ.get(API_KEY)
        if environment_key is None and api_key is None:
            raise OpsError(
                "Nothing here knows a key of this Flagsmith.",
                hint=f"Give --environment-key, an organisation's key in {API_KEY}, or the --stack it belongs to.",
            )
        yield Place(
            url=address,
            public_url=address,
            environment=environment,
            environment_key=environment_key,
            server_key=server_key,
            authenticate=(lambda client: client.use_api_key(api_key)) if api_key else None,
            seconds=seconds,
        )
        return
    with (
        open_site(stack or LOCAL) as site,
        place_of(
            site,
            url=address,
            environment=environment,
            environment_key=environment_key,
            server_key=server_key,
            seconds=seconds,
        ) as place,
    ):
        yield place


def _checked(url: str | None) -> str | None:
    import httpx

    if url is None:
        return None
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise OpsError(f"--url {url!r} is no address: {error}.") from None
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.path not in ("", "/"):
        raise OpsError(
            f"--url {url!r} must be http:// or https://, a host, and no path.",
            hint="For example https://flags.example.com or http://localhost:8000.",
        )
    return url.rstrip("/")
