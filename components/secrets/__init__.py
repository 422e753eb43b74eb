"""The Secrets: generated, taken from elsewhere, or from a store."""
