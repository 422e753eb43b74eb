"""Flags in code: typed modules, manifests, and where each flag is used."""
