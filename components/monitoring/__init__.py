"""How the stack is watched: metrics, alerts, dashboards."""
