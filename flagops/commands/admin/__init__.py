"""`ff admin`: the administrator's password."""
