"""The embedded PostgreSQL: server, roles, and the pod for an SQL prompt."""
