"""Flagsmith's HTTP API."""
