"""A stack's pods: found, entered, forwarded to, and Jobs in them."""
