"""The Kubernetes API: connection, objects, readiness, and what failed pods say."""
