"""How people run it: the ff command."""
