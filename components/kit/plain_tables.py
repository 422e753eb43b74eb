"""The script that several readers of the database bring along: it refuses what stands in the place of a table."""

from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("in_pod") / "plain_tables.py"
