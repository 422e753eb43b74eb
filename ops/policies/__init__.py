"""The rules of `policies/` asked about a stack, or about files, and what comes of it."""
