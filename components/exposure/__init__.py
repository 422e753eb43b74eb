"""How people reach Flagsmith from outside of the cluster."""
