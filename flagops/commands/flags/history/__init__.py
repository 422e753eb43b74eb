"""The applies of a catalogue, as they are recorded in the cluster."""
