"""Scripts that run in containers, as tests run them: each ConfigMap has the shared ones beside the others."""

from typing import Final

from components.kit.database_pods import PLAIN_TABLES

SHARED: Final = str(PLAIN_TABLES.parent)
"""Where the shared ones are, for PYTHONPATH."""
