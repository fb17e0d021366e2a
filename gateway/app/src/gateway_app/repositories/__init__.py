"""The tables of the schema gateway."""
