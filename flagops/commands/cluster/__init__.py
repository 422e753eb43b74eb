"""`ff cluster`: the local cluster."""
