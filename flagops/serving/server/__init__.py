"""What is served now, what is kept of users, what came in, and who is told of changes."""
