"""`ff images`: the images of the stacks, listed for mirrors, and pinned to digests in the lock file."""
