"""`ff flags`: flags as code."""
