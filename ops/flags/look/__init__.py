"""How often flags are used, and all of them on one page."""
