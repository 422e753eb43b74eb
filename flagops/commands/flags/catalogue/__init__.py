"""The catalogue in `flags/`: its form, its rules, its file."""
