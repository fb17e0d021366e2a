"""Other services, as this one asks them."""
