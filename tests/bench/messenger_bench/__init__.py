"""`make bench`: how many durable messages a core carries, from socket to socket, and how near that is to the limits."""
