"""Flagsmith's caches in Redis."""
