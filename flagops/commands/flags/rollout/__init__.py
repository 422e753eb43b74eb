"""`ff flags rollout`: shares that grow by themselves."""
