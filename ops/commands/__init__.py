"""The commands of ff, one file a group."""
