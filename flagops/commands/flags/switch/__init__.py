"""`ff flags set` and `release`: a flag switched by hand, by name and at once."""
