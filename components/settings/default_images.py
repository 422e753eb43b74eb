"""The images of others and the tags that they have by default: one place, which a bot raises (renovate.json).

PostgreSQL and Redis: the newest patch releases in Docker's list of official images of 2026-08-21. The Edge Proxy: its
release of 2026-05-15. CloudNativePG's: the newest of its images of PostgreSQL 17 that is known to be there, and the
PgBouncer that its operator 1.30.0 was made with.
"""

POSTGRES, POSTGRES_TAG = "postgres", "17.11-bookworm"
REDIS, REDIS_TAG = "redis", "8.2.9-bookworm"
POSTGRES_EXPORTER, POSTGRES_EXPORTER_TAG = "prometheuscommunity/postgres-exporter", "v0.17.1"
REDIS_EXPORTER, REDIS_EXPORTER_TAG = "oliver006/redis_exporter", "v1.88.0"
EDGE_PROXY, EDGE_PROXY_TAG = "flagsmith/edge-proxy", "2.23.0"
CLUSTER, CLUSTER_TAG = "ghcr.io/cloudnative-pg/postgresql", "17.10-system-trixie"
PGBOUNCER, PGBOUNCER_TAG = "ghcr.io/cloudnative-pg/pgbouncer", "1.25.1"
