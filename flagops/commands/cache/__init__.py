"""`ff cache`: Flagsmith's caches in Redis."""
