"""Frames and rules; no I/O."""
