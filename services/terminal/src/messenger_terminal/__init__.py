"""The messenger in a terminal. It knows of the server what any client may know: OpenID Connect, REST, `/ws`."""
