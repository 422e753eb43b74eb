"""`ff db`: the database of a stack, embedded or external."""
