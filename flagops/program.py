"""The platform's program as this `ff` has it: beside the package in a checkout, its data where it is installed."""

import runpy
from pathlib import Path
from typing import Final

import components

assert components.__file__ is not None  # noqa: S101 - a package with a file
DIRECTORY: Final = Path(components.__file__).parents[1]
"""The folder of `__main__.py`, `components/`, `policies/` and `tools/`."""
MAIN: Final = "__main__.py"


def run() -> None:
    """Run the platform's program: all that the `__main__.py` of a project needs which has no program of its own.

    The stack, its settings and the project are those of the Pulumi run that this is called in. Call it once. Raises
    ImportError where another package called `components` was imported first, such as a folder of the project.
    """
    main = DIRECTORY / MAIN
    if not (DIRECTORY / "components" / "platform.py").is_file():
        raise ImportError(f"{DIRECTORY / 'components'} is not the platform's: import flagops.program before it.")
    runpy.run_path(str(main), run_name="__main__")
