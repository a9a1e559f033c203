"""A trained run asked about one's own pictures."""
