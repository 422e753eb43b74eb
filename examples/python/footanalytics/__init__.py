"""A small program that asks Flagsmith which features a user has."""
