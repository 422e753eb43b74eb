"""Every command of `ff`, for the tests that look at all of them."""

from collections.abc import Mapping
from typing import Final

import typer
from typer.core import TyperCommand

from flagops.cli import app
from flagops.terminal.by_name import Words

FF = typer.main.get_command(app)
assert isinstance(FF, Words)
EVERY: Final[Mapping[str, TyperCommand]] = {" ".join(one.words): one.command for one in FF.every()}
"""What runs it, by its words, such as `flags plan`."""
