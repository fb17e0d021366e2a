"""What a chat is and what may happen to it; knows no HTTP and no SQL."""
