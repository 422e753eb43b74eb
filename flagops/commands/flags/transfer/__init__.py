"""From a server into git, and from one environment to the next."""
