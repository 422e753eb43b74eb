"""Makes a server's flags those of a catalogue."""

from flagops.commands.flags.reconcile.apply.run import Done, Reviewed, apply

__all__ = ["Done", "Reviewed", "apply"]
