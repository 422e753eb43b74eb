"""A folder for each `ff <word>`: its arguments and output in `command.py`, its logic beside it."""
