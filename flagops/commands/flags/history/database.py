"""The audit log in a stack's database, which keeps it in every edition."""

from pathlib import Path
from typing import Any, Final, Literal

from flagops.pods.python_in_pod import run_python
from flagops.stacks.deployed import Instance

SCRIPT: Final = Path(__file__).with_name("in_pod") / "last_changes.py"


def last_changes(instance: Instance, project: int, of: Literal["flags", "places"]) -> list[dict[str, Any]]:
    """The last change of each flag, or of each flag and segment in each environment, asked through an API pod."""
    answer = run_python(instance, SCRIPT, [str(project), of], what="The audit log cannot be read")
    found: list[dict[str, Any]] = answer["changes"]
    return found
