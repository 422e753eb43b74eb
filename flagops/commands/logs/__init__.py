"""`ff logs`: the pods' logs."""
