"""Scripts in the embedded database's own container, as its superuser, with the functions of administrator.sh."""

from collections.abc import Sequence
from pathlib import Path

import components

FUNCTIONS = Path(components.__file__).parent / "postgres" / "in_pod" / "administrator.sh"


def as_administrator(script: str, arguments: Sequence[str] = ()) -> list[str]:
    """The command that runs a script there, which has the arguments as `$@`."""
    functions = FUNCTIONS.read_text(encoding="utf-8")
    return ["bash", "-c", f"export PGUSER=postgres PGDATABASE=flagsmith\n{functions}\n{script}", "psql", *arguments]
