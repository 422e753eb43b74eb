"""What a server answers for a flag."""
