"""The server's own page: flags and their switches, who gets what, and what SDKs ask."""
