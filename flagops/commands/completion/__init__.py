"""`ff completion`: what a shell completes."""
