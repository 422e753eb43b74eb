"""All flags on one page."""
