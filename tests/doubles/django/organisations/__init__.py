"""Flagsmith's app of this name, as far as the bootstrap uses it."""
