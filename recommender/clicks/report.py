"""What is learned from impressions and clicks: rates, each with the interval in which it may well lie.

A place's rate is not its quality: readers look at the first place most, whatever stands there (position bias). Compare
sources and variants at the same place, or by experiment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Self, TypeVar

from pydantic import BaseModel, Field
from scipy.stats import binomtest

from recommender.answers import BoxName
from recommender.clicks.clicks import Tally

__all__ = ["BoxReport", "ClicksReport", "DayRate", "PositionRate", "Rate", "SourceRate", "VariantRate", "report"]

T = TypeVar("T", int, str)

_DAY_S = 86_400


class Rate(BaseModel):
    """Clicks among impressions."""

    impressions: int
    clicks: int
    ctr: float | None = Field(description="clicks / impressions; null without impressions")
    low: float | None = Field(description="of the 95 % interval (Wilson)")
    high: float | None

    @classmethod
    def of(cls, tallies: Iterable[Tally], **what: object) -> Self:
        """Return the rate of all tallies together."""
        impressions = clicks = 0
        for one in tallies:
            impressions += one.impressions
            clicks += one.clicks
        if not impressions:
            return cls(impressions=0, clicks=0, ctr=None, low=None, high=None, **what)
        low, high = binomtest(clicks, impressions).proportion_ci(method="wilson")
        ctr = clicks / impressions
        return cls(impressions=impressions, clicks=clicks, ctr=ctr, low=low, high=high, **what)


class PositionRate(Rate):
    """Of a place: how often what stood there was shown and clicked."""

    position: int


class SourceRate(Rate):
    """Of the items that came from a source."""

    source: str


class VariantRate(Rate):
    """Of the boxes of a ranking variant."""

    variant: str = Field(description="empty: of answers without one")


class DayRate(Rate):
    """Of the boxes that were shown on a day."""

    day: date = Field(description="UTC")


class BoxReport(BaseModel):
    """One box."""

    box: BoxName
    total: Rate = Field(description="of boxes: how often it was shown, and how often anything in it was clicked")
    positions: list[PositionRate]
    sources: list[SourceRate] = Field(description="of items")
    variants: list[VariantRate] = Field(description="of boxes")
    days: list[DayRate] = Field(description="of boxes; each day of the span")


class ClicksReport(BaseModel):
    """What was shown and clicked in a span of days."""

    since: date
    until: date = Field(description="today, which is not over")
    boxes: list[BoxReport]


def report(tallies: Iterable[Tally], *, now: float, days: int, boxes: Iterable[BoxName]) -> ClicksReport:
    """Return the report of the last days, today included.

    Parameters
    ----------
    tallies : iterable of Tally
        Of those days.
    now : float
        Unix seconds.
    days : int
    boxes : iterable of str
        Which boxes, in this order.
    """
    span = range(int(now // _DAY_S) - days + 1, int(now // _DAY_S) + 1)
    by_box = _grouped(tallies, lambda one: one.box)
    return ClicksReport(
        since=_date(span[0]), until=_date(span[-1]), boxes=[_box(box, by_box.get(box, []), span) for box in boxes]
    )


def _box(box: BoxName, tallies: list[Tally], span: range) -> BoxReport:
    whole = [one for one in tallies if one.position == 0]
    items = [one for one in tallies if one.position > 0]
    by_day = _grouped(whole, lambda one: one.day)
    return BoxReport(
        box=box,
        total=Rate.of(whole),
        positions=[
            PositionRate.of(some, position=position)
            for position, some in _grouped(items, lambda one: one.position).items()
        ],
        sources=[
            SourceRate.of(some, source=source) for source, some in _grouped(items, lambda one: one.source).items()
        ],
        variants=[
            VariantRate.of(some, variant=variant) for variant, some in _grouped(whole, lambda one: one.variant).items()
        ],
        days=[DayRate.of(by_day.get(day, []), day=_date(day)) for day in span],
    )


def _grouped(tallies: Iterable[Tally], by: Callable[[Tally], T]) -> dict[T, list[Tally]]:
    groups: defaultdict[T, list[Tally]] = defaultdict(list)
    for one in tallies:
        groups[by(one)].append(one)
    return dict(sorted(groups.items()))


def _date(day: int) -> date:
    return datetime.fromtimestamp(day * _DAY_S, UTC).date()
