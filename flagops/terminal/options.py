"""Options that several commands share, and how they print."""

import json
from dataclasses import asdict, is_dataclass
from typing import Annotated, Any

import typer

from flagops.console import output

VerboseOption = Annotated[
    bool, typer.Option("--verbose", help="Name every object that a rule or finding is about, not only the first few.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def print_json(value: Any) -> None:
    """One JSON document on stdout; dataclasses by their fields."""
    output().out(json.dumps(value, default=_plain, indent=2), highlight=False)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)
