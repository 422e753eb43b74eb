"""`ff tasks`."""
