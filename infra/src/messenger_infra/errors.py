"""The one error that this package reports to a person."""


class SetupError(Exception):
    """Something outside our control is in the way; the message says what to do about it."""
