"""The projection of who is in which chat."""
