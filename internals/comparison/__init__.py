"""Runs side by side: groups of seeds, differences, charts, and one page."""
