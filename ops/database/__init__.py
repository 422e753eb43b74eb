"""The database of a stack, embedded or external: checks and connections."""
