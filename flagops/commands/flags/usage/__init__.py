"""How often flags are used."""
