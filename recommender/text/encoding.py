"""Text that was read in the wrong encoding on its way here: "fÃ¼r" for "für"."""

from __future__ import annotations

from ftfy.badness import is_bad

__all__ = ["garbled"]

_LOST = "\ufffd"


def garbled(text: str) -> bool:
    """Tell whether characters of a text look like those of another encoding, or were lost."""
    return not text.isascii() and (_LOST in text or is_bad(text))
