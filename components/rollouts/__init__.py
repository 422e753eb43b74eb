"""Rollouts that run themselves: how a share of users grows, and what stops it."""
