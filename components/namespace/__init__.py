"""The namespace and its bounds."""
