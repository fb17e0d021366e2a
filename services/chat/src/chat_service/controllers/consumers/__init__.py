"""Readers of other contexts' events."""
