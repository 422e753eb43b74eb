"""`ff flags serve` and `document`: Flagsmith's SDK API from git, as a server here or as a file."""

import json
from pathlib import Path
from typing import Annotated

import typer

from components.kit import names
from components.text import bounds, quoting
from flagops.commands.flags.catalogue.complete import environments
from flagops.commands.flags.catalogue.options import CATALOGUE, CatalogueArgument, NamedOption, one_of
from flagops.commands.flags.serve import ready, sources, view
from flagops.commands.flags.serve.options import AtOption, FromOption, SetOption
from flagops.commands.flags.serve.setting import override
from flagops.console import output, progress
from flagops.files import replace_text
from flagops.serving.model.overrides import check, overridden
from flagops.serving.server.state import ServedState
from flagops.serving.web.follow import signature
from flagops.serving.web.run import Server, listen
from flagops.terminal.options import print_json

PORT = names.API_PORT


def serve(
    *,
    catalogue: CatalogueArgument = CATALOGUE,
    named: NamedOption = None,
    source: FromOption = None,
    settings: SetOption = None,
    at: AtOption = None,
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="The port; 0 takes a free one.")] = PORT,
    ready_file: Annotated[
        Path | None,
        typer.Option(
            "--ready-file",
            help="Write address and keys to this file as JSON once it answers; the file is removed at the end.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Serve the catalogue's flags to SDKs, on this machine, until Ctrl-C.

    It serves every environment, evaluated by Flagsmith's own engine, under keys that are always the same. A saved file
    counts at once, and SDKs with real-time updates get the change. If the file is broken, it names the line and goes on
    with the last good state. Use it for developing, tests and demonstrations. Who is in a percentage depends on keys
    and numbers, so other users are in it than at a deployed Flagsmith, unless you serve that with `--from`.
    """
    overrides = [override(text) for text in settings or ()]
    chosen = sources.source(one_of(catalogue, named), source, at)
    with ready.promised(ready_file), listen(port) as listening:
        known = None if chosen.path is None else signature(chosen.path)
        with bounds.without_collecting():
            loaded = chosen.load()
        state = ServedState(chosen.label, loaded, overrides)

        def answers(address: str) -> None:
            view.show(output(), state, address)
            if ready_file is not None:
                ready.write(ready_file, state, address)

        Server(state, chosen, known, tell=_tell, warn=_warn, ready=answers).run(listening)
    progress().print("Ended.", style="green")


def document(
    *,
    catalogue: CatalogueArgument = CATALOGUE,
    named: NamedOption = None,
    environment: Annotated[
        str, typer.Option("--environment", "-e", help="The environment's name.", autocompletion=environments)
    ],
    source: FromOption = None,
    settings: SetOption = None,
    at: AtOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file. Default: standard output.", show_default=False)
    ] = None,
) -> None:
    """Write an environment's document, from which SDKs evaluate without a server.

    The SDKs for Python, Node, Go, Java, .NET, Ruby, Rust and PHP read it in their offline mode.
    """
    overrides = [override(text) for text in settings or ()]
    loaded = sources.source(one_of(catalogue, named), source, at).load()
    for item in overrides:
        check(item, [found.document for found in loaded.environments])
    found = overridden(sources.one_of(loaded, environment), overrides)
    if out is None:
        print_json(found)
        return
    replace_text(out, json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    progress().print(f"{out} was written: {environment}, {len(found['feature_states'])} flags.", style="green")


def _tell(line: str) -> None:
    progress().print(quoting.lines(line), style="green", markup=False, soft_wrap=True)


def _warn(line: str) -> None:
    progress().print(quoting.lines(line), style="yellow", markup=False, soft_wrap=True)
