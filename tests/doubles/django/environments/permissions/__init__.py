"""Flagsmith's app of this name, as far as the log-in of rollouts uses it."""
