"""`ff dashboard`: the dashboards in a Grafana."""
