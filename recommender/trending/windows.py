"""The windows readers can ask for, how each is counted, and for how long views are told apart in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

__all__ = ["AUTO", "BOARDS", "HALF_LIFE_SHARE", "SPANS", "WINDOWS", "Board", "Rank", "Span", "Window", "WindowName"]

Board = Literal["viewed", "decayed"]

HALF_LIFE_SHARE = 0.25
"""Half-lives are a quarter of the window unless a site sets another share.

On a portal's year of views, 6 h foretold the next hour best of all fixed ones, and that is what a reader of "24h" gets.
"""
Rank = Literal["trending", "most_viewed", "rising"]
WindowName = Literal["auto", "1h", "6h", "24h", "7d"]


@dataclass(frozen=True, slots=True)
class Span:
    """One length of the buckets in which views are counted.

    Attributes
    ----------
    seconds : int
        Length of a bucket.
    kept_s : int
        Seconds for which a bucket is kept after its end.
    """

    seconds: int
    kept_s: int


@dataclass(frozen=True, slots=True)
class Window:
    """One span of time to look back over.

    Attributes
    ----------
    name : str
        As in the address: ``24h``.
    seconds : int
        Its length.
    bucket_s : int
        Seconds of the buckets in which its views are counted exactly.
    """

    name: str
    seconds: int
    bucket_s: int

    @property
    def buckets(self) -> int:
        """Number of buckets that overlap the window, the one under way and the one it begins in included."""
        return self.seconds // self.bucket_s + 1

    def half_life_s(self, share: float = HALF_LIFE_SHARE) -> float:
        """Return the seconds after which a view counts half on the decaying board, as a share of the window."""
        return self.seconds * share

    def start(self, now: float) -> float:
        """Return the Unix second at which the earliest of these buckets begins."""
        return (now // self.bucket_s - self.buckets + 1) * self.bucket_s


_MINUTE, _HOUR, _DAY = 60, 3600, 86_400

SPANS = (Span(5 * _MINUTE, 2 * _DAY), Span(_HOUR, 30 * _DAY), Span(_DAY, 366 * _DAY))
"""From the finest on, each a multiple of the one before."""

WINDOWS = {
    window.name: window
    for window in (
        Window("1h", _HOUR, 5 * _MINUTE),
        Window("6h", 6 * _HOUR, 5 * _MINUTE),
        Window("24h", _DAY, 5 * _MINUTE),
        Window("7d", 7 * _DAY, _HOUR),
    )
}

BOARDS: tuple[tuple[Board, str], ...] = tuple((kind, name) for kind in get_args(Board) for name in WINDOWS)
"""Every board: its kind and its window."""

AUTO = "24h"
"""The window that ``auto`` stands for."""
