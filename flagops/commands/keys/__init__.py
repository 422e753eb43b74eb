"""`ff keys`: the keys of environments, and the Secrets in which applications find them."""
