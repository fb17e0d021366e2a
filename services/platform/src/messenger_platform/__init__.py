"""The domain-free blocks that every service stands on."""
