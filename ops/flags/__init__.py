"""Flags as code: the catalogue in `flags/`, read, checked and described."""
