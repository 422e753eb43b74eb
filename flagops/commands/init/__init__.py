"""`ff init`: a project of one's own, and its way to a newer release."""
