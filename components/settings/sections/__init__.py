"""One file for each key of a stack file, by that name."""
