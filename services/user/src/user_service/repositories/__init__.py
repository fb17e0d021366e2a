"""The tables of the schema `user_profile` and the statements over them."""
