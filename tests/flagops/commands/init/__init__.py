"""`ff init`: what it writes, what it refuses, and the way to a newer release."""
