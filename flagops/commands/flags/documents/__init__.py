"""What Flagsmith would serve: the documents of the environments of a catalogue."""
