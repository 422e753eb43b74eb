"""The bootstrap, on a real PostgreSQL, with what its pod is given."""
