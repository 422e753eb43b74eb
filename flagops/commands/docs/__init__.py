"""`ff docs`: the pages that are generated."""
