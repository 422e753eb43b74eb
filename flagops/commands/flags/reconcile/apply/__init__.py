"""Makes a server's flags those of a catalogue."""

from flagops.commands.flags.reconcile.apply.reviewed import Reviewed
from flagops.commands.flags.reconcile.apply.run import Done, apply

__all__ = ["Done", "Reviewed", "apply"]
