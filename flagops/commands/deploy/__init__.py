"""`ff up`, `ff preview`, `ff down`."""
