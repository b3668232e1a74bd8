"""Rates and their intervals, held against the formula and a count by hand."""

from __future__ import annotations

from datetime import date
from math import sqrt

import pytest

from recommender.clicks.clicks import Tally
from recommender.clicks.report import Rate, report

DAY_S = 86_400
TODAY = 20_254
NOW = TODAY * DAY_S + 3600.0

TALLIES = [
    Tally(TODAY - 1, "related", 0, "", "", 100, 9),
    Tally(TODAY - 1, "related", 1, "pinned", "", 40, 5),
    Tally(TODAY - 1, "related", 1, "related", "", 60, 3),
    Tally(TODAY - 1, "related", 2, "related", "", 100, 2),
    Tally(TODAY, "related", 0, "", "try_bold", 10, 1),
    Tally(TODAY, "related", 1, "related", "try_bold", 10, 0),
    Tally(TODAY, "related", 2, "latest", "try_bold", 10, 1),
    Tally(TODAY, "trending", 0, "", "", 7, 0),
    Tally(TODAY, "trending", 1, "trending", "", 7, 0),
]


def wilson(clicks: int, impressions: int) -> tuple[float, float]:
    """Return the interval of 95 % as Wilson (1927) wrote it."""
    z, n, share = 1.959963984540054, impressions, clicks / impressions
    middle, half = share + z * z / (2 * n), z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


@pytest.mark.parametrize(("clicks", "impressions"), [(0, 1), (1, 1), (0, 50), (3, 60), (50, 50), (20_000, 1_000_000)])
def test_intervals_are_wilsons(clicks: int, impressions: int) -> None:
    """For few and for many, for none and for all."""
    rate = Rate.of([Tally(TODAY, "related", 1, "related", "", impressions, clicks)])
    assert rate.ctr == clicks / impressions
    assert (rate.low, rate.high) == pytest.approx(wilson(clicks, impressions), abs=1e-12)


def test_what_was_never_shown_has_no_rate() -> None:
    """Rather than one of nought."""
    assert Rate.of([]) == Rate(impressions=0, clicks=0, ctr=None, low=None, high=None)


def test_a_report_sums_up_by_position_source_variant_and_day() -> None:
    """Positions and sources count items, variants and days boxes, of which several clicks make one."""
    found = report(TALLIES, now=NOW, days=3, boxes=["related", "trending"])
    assert (found.since, found.until) == (date(2025, 6, 13), date(2025, 6, 15))
    related, trending = found.boxes

    def told(rates: list[Rate], by: str) -> dict[object, tuple[int, int]]:
        return {getattr(rate, by): (rate.impressions, rate.clicks) for rate in rates}

    assert (related.total.impressions, related.total.clicks) == (110, 10)
    assert told([*related.positions], "position") == {1: (110, 8), 2: (110, 3)}
    assert told([*related.sources], "source") == {"pinned": (40, 5), "related": (170, 5), "latest": (10, 1)}
    assert told([*related.variants], "variant") == {"": (100, 9), "try_bold": (10, 1)}
    assert told([*related.days], "day") == {
        date(2025, 6, 13): (0, 0),
        date(2025, 6, 14): (100, 9),
        date(2025, 6, 15): (10, 1),
    }
    assert (trending.total.impressions, trending.total.ctr) == (7, 0.0)
