"""Where the Pulumi project is."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
"""The directory of `Pulumi.yaml` and the stacks' files."""

LOCAL: Final = "local"
"""The stack that only ever goes to the cluster which `ff cluster up` makes."""
