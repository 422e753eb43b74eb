"""What commands share on the terminal: options, questions, endings."""
