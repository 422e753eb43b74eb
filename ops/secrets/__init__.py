"""Generated secrets: what there are, and how they are renewed while Flagsmith serves."""
