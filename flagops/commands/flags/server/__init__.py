"""What a Flagsmith has, read into the catalogue's terms, with the ids that changing it needs."""
