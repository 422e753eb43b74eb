"""How people run it: the command `ff`."""
