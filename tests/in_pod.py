"""Scripts that run in containers, as tests run them: each ConfigMap has the shared ones beside the others."""

from typing import Final

from components.kit import plain_tables

SHARED: Final = str(plain_tables.FILE.parent)
"""Where the shared ones are, for PYTHONPATH."""
