"""`ff audit`: who changed which flag."""
