"""Base backups of a Cluster of CloudNativePG: made, listed and tried, each through the operator's own kinds."""
