"""`ff doctor`: finds what is wrong with a stack, shows the evidence, and names the command that mends it."""
