"""Deploys with the Pulumi CLI, and says in plain words what it said."""
