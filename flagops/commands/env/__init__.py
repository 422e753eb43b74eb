"""`ff env`: the environment of a container."""
