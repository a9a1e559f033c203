"""A run on disk: its folder, its record, its identity, and how it ends."""
