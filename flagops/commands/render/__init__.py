"""`ff render`: the manifests of a stack as files."""
