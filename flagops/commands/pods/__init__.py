"""`ff restart`, `ff shell`, `ff port-forward`, `ff open`: the way into a stack."""
