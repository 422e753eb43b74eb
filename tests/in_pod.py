"""Scripts that run in containers, as tests run them: each ConfigMap has the shared ones beside the others."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from components.kit.database_pods import PLAIN_TABLES

SHARED: Final = str(PLAIN_TABLES.parent)
"""Where the shared ones are, for PYTHONPATH."""


@contextmanager
def importable(*directories: Path) -> Iterator[None]:
    """Scripts of these directories, and the shared ones, import one another by name meanwhile, as in a container."""
    paths = [*map(str, directories), SHARED]
    sys.path[:0] = paths
    yield
    for path in paths:
        sys.path.remove(path)
