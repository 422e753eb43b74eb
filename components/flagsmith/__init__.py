"""Flagsmith itself: API, task processor, migration, first start."""
