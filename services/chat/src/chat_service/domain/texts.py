"""Which texts may enter a chat."""

from __future__ import annotations

from chat_service.domain.errors import InvalidText, TooLong

MAX_TEXT = 4096
MAX_TITLE = 128


def clean_text(text: str) -> str:
    """Return the message text to store: trimmed, 1 to 4096 characters; raises `InvalidText` or `TooLong`."""
    return _clean(text, MAX_TEXT, "text")


def clean_title(title: str) -> str:
    """Return the group title to store: trimmed, 1 to 128 characters; raises `InvalidText` or `TooLong`."""
    return _clean(title, MAX_TITLE, "title")


def _clean(text: str, longest: int, field: str) -> str:
    trimmed = text.strip()
    if not trimmed:
        raise InvalidText(f"The {field} is empty.", field)
    if len(trimmed) > longest:
        raise TooLong(f"The {field} has {len(trimmed)} characters; at most {longest} are allowed.", field)
    if "\0" in trimmed:
        raise InvalidText(f"The {field} contains a NUL character.", field)
    try:
        # JSON can smuggle half of a surrogate pair into a str; PostgreSQL stores UTF-8, which has no such thing.
        trimmed.encode()
    except UnicodeEncodeError as error:
        raise InvalidText(f"The {field} contains an unpaired surrogate.", field) from error
    return trimmed
