"""`make demo`: what flags from git are like, in a few minutes, without Docker or a cluster."""
