"""The server: what is served now, who is told of changes, and HTTP on loopback."""
