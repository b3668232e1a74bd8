"""Requests that no reader made: crawlers by a public list of user agents, and pages loaded ahead of a visit."""

from __future__ import annotations

import re
import threading
from functools import cache
from typing import Literal, Protocol

from cachetools import LRUCache, cached
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

__all__ = ["Reason", "filter_reason", "is_bot"]

Reason = Literal["bot", "prefetch", ""]


class Headers(Protocol):
    """Request headers, by any case of their names."""

    def get(self, name: str, default: str, /) -> str:
        """Return a header, or the default."""
        ...


# Matching takes some 0.2 ms; only a hash of the user agent is remembered, salted by the process.
@cached(LRUCache(maxsize=4096), key=hash, lock=threading.Lock())
def is_bot(user_agent: str) -> bool:
    """Tell whether the public list (crawler-user-agents) knows this user agent as a bot, library or tool."""
    return _pattern().search(user_agent) is not None


def filter_reason(headers: Headers) -> Reason:
    """Return why a view with these request headers is no reader's: ``bot``, ``prefetch``, or nothing."""
    purpose = f"{headers.get('Sec-Purpose', '')} {headers.get('Purpose', '')} {headers.get('X-Moz', '')}".casefold()
    if "prefetch" in purpose or "prerender" in purpose or "preview" in purpose:
        return "prefetch"
    return "bot" if is_bot(headers.get("User-Agent", "")) else ""


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{entry['pattern']})" for entry in CRAWLER_USER_AGENTS_DATA))
