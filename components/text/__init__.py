"""Texts that people write: how they are read, and what in them looks like a secret; without heavy imports."""
