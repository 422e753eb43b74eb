"""When a standby of a Cluster is too far behind its primary."""

from typing import Final

LAG_SECONDS: Final = 60
"""What it read is so old then that people see flags go back and forth; a healthy one is behind by milliseconds."""
