"""`ff policy`: the rules of `policies/`, asked about a stack or about files."""
