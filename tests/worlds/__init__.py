"""The clusters of others: what each kind of them admits, checks and runs."""
