"""`make bench`: how many durable messages a core carries, from socket to socket, and how far that is from the limits."""
