"""`ff flags rollout test`."""
