"""Chats, participants, messages and read state."""
