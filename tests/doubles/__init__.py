"""Stand-ins for what cannot run in this repository's tests: Flagsmith's API, and its Django project."""
