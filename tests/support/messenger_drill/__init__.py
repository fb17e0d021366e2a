"""Clients that keep journals while something breaks, and the check that nothing was lost, doubled or reordered."""
