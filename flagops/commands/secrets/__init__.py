"""`ff secrets`: generated secrets, and how they are renewed while Flagsmith serves."""
