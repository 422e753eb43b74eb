"""`ff flags rollout new`."""
