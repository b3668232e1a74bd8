"""A slow and obvious recount of views, to hold the counters against."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from recommender.trending.counters import Counters
from recommender.trending.windows import WINDOWS, Window
from recommender.view import View

PAUSE_S = 1800


@dataclass
class Recount:
    """All views in a list, and every board counted from it afresh; ``sections`` are the keys of known articles."""

    sections: Mapping[str, str]
    counted: list[tuple[str, str, float]] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    visits: dict[tuple[str, str], float] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)

    def count(self, view: View, now: float, reason: str = "") -> str:
        outcome = self._outcome(view, now, reason)
        self.outcomes[outcome] += 1
        if outcome == "counted":
            self.counted.append((view.article_id, self.sections[view.article_id], now))
        return outcome

    def _outcome(self, view: View, now: float, reason: str) -> str:
        if reason:
            return reason
        if view.article_id not in self.sections:
            return "unknown"
        if view.event_id is not None:
            if view.event_id in self.events:
                return "replayed"
            self.events.add(view.event_id)
        if view.visitor_id is not None:
            before = self.visits.get((view.article_id, view.visitor_id), -math.inf)
            if now - before < PAUSE_S:
                return "repeat"
            self.visits[view.article_id, view.visitor_id] = now
        return "counted"

    def viewed(self, window: Window, section: str, now: float) -> dict[str, float]:
        views: dict[str, float] = defaultdict(float)
        for article_id, _, moment in self._of(section):
            bucket_ends = (moment // window.bucket_s + 1) * window.bucket_s
            oldest_bucket_starts = (now // window.bucket_s - window.seconds // window.bucket_s) * window.bucket_s
            views[article_id] += bucket_ends > oldest_bucket_starts
        return {article_id: number for article_id, number in views.items() if number}

    def decayed(self, window: Window, section: str, now: float, share: float) -> dict[str, float]:
        views: dict[str, float] = defaultdict(float)
        for article_id, _, moment in self._of(section):
            views[article_id] += 2 ** (-(now - moment) / window.half_life_s(share))
        return dict(views)

    def _of(self, section: str) -> Iterator[tuple[str, str, float]]:
        return (view for view in self.counted if section in ("", view[1]))


def assert_boards_agree(counters: Counters, recount: Recount, now: float) -> None:
    for window in WINDOWS.values():
        for section in {"", *recount.sections.values()}:
            viewed = counters.top("viewed", window, section, now=now, count=100_000)
            assert viewed == recount.viewed(window, section, now)
            assert list(viewed.values()) == sorted(viewed.values(), reverse=True)
            decayed = counters.top("decayed", window, section, now=now, count=100_000)
            expected = recount.decayed(window, section, now, counters.half_life_share)
            assert decayed.keys() == expected.keys()
            for article_id, views in decayed.items():
                assert views == pytest.approx(expected[article_id], rel=1e-9, abs=1e-300)
    assert counters.outcomes() == recount.outcomes
