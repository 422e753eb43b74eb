"""Moves a stack to another release of Flagsmith, or to another major version of PostgreSQL, and back."""
