"""A Django project with users, in the database of Flagsmith's own environment variable."""
