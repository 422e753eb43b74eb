"""What a catalogue wants of a server, how the server differs, and the steps to it."""
