"""Grafana dashboards, built with Grafana's own library; only `build` and what it needs import that."""
