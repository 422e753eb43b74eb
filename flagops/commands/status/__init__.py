"""`ff status`: a stack at a glance."""
