"""Days and weeks of the calendar, in the newsroom's time zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

__all__ = ["Period", "bounds"]

Period = Literal["today", "yesterday", "week"]


def bounds(period: Period, now: float, zone: ZoneInfo) -> tuple[float, float]:
    """Return the Unix seconds between which a period lies: a day from midnight on, a week from Monday on.

    What is under way ends ``now``.
    """
    today = datetime.fromtimestamp(now, zone).date()
    first = {"today": today, "yesterday": today - timedelta(1), "week": today - timedelta(today.weekday())}[period]
    # Days are stepped by date: where clocks change, one lasts 23 or 25 hours.
    midnight, start = (datetime.combine(day, time(), zone).timestamp() for day in (today, first))
    return start, midnight if period == "yesterday" else now
