"""Impressions and clicks in Redis: a hash of sums for each day.

Its fields are bounded by what answers can be: two boxes, 50 places, five sources, the variants that were served.
Only genuine receipts reach it, so nobody can add others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

from redis import Redis
from redis.commands.core import Script

from recommender.answers import BOXES, BoxName, Source
from recommender.clicks.impression import Impression
from recommender.clicks.receipt import KEY_LIFE_S, Receipt, Receipts
from recommender.redis.keys import Keys
from recommender.redis.salts import Salts
from recommender.redis.scripts import constants, script
from recommender.trending.bots import Reason
from recommender.trending.counters import Outcome as ViewOutcome
from recommender.trending.visitors import Visitors
from recommender.view import View

__all__ = ["Clicks", "Outcome", "Tally"]

Outcome = Literal["counted", "repeat", "unseen", "foreign"] | ViewOutcome
"""``unseen``: the visitor was not shown the box, or too long ago. ``foreign``: no receipt of ours, or an old one."""

_DAY_S = 86_400
_OF_READERS = frozenset[ViewOutcome](["counted", "repeat", "replayed"])
"""What becomes of views by people. Going back to an article within half an hour is a click, if no view."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a place of a box was shown and clicked on one day.

    Attributes
    ----------
    day : int
        Since 1970, UTC.
    box : {"related", "trending"}
    position : int
        1 is the first; 0 stands for the box as a whole: how often it was shown, and how often anything in it was
        clicked, once however many places.
    source : str
        Where the item came from; empty for the box as a whole.
    variant : str
        Of the ranking; empty without an experiment.
    impressions, clicks : int
        Never more clicks than impressions.
    """

    day: int
    box: BoxName
    position: int
    source: Source | Literal[""]
    variant: str
    impressions: int
    clicks: int


class Clicks:
    """Counts what was shown and clicked.

    Parameters
    ----------
    redis : Redis
        Decoding responses.
    keys : Keys
        The site's keys.
    memory_s : int
        Seconds after a box was shown in which a click on it counts, and in which it is not shown anew.
    kept_days : int
        Days for which sums are kept.

    Attributes
    ----------
    receipts : Receipts
        What answers are named by.
    """

    def __init__(self, redis: Redis, keys: Keys, *, memory_s: int = 1800, kept_days: int = 90) -> None:
        self._redis = redis
        self._keys = keys
        self._visitors = Visitors(redis, keys)
        self.receipts = Receipts(Salts(redis, keys.receipt_key, life_s=KEY_LIFE_S))
        known = constants(MEMORY_S=memory_s, KEPT_S=kept_days * _DAY_S, CLICKS=keys.clicks_prefix)
        self._count_impression: Script = redis.register_script(known + script("shown", "count_impression"))
        self._count_click: Script = redis.register_script(known + script("shown", "count_click"))

    def show(self, shown: Impression, *, now: float, visitor: str, reason: Reason = "") -> Outcome:
        """Count each place of a box that a visitor saw, in one atomic step, or say why not.

        Parameters
        ----------
        shown : Impression
            What the beacon said.
        now : float
            Unix seconds by the server's clock.
        visitor : str
            What tells this connection from others, for those that name no visitor.
        reason : str
            Why it is to be filtered, if it is.
        """
        if reason:
            return reason
        receipt = self.receipts.read(shown.request_id, now=now)
        if receipt is None or not receipt.boxes[shown.box]:
            return "foreign"
        places = range(len(receipt.boxes[shown.box]) + 1)
        return cast(
            "Outcome",
            self._count_impression(
                keys=[
                    *self._shown(shown.request_id, shown.box, shown.visitor_id or visitor, now),
                    self._keys.clicks(int(now // _DAY_S)),
                ],
                args=[repr(float(now)), *(_field("impressions", receipt, shown.box, place) for place in places)],
            ),
        )

    def follow(self, view: View, became: ViewOutcome, *, now: float, visitor: str) -> tuple[BoxName, Outcome] | None:
        """Count the click that led to a view, in one atomic step, or say why not; None of a view that names none.

        Parameters
        ----------
        view : View
            What the beacon said.
        became : str
            What the view itself was counted as.
        now : float
            Unix seconds by the server's clock.
        visitor : str
            What tells this connection from others, for views that name no visitor.
        """
        box = next((box for box in BOXES if box == view.source), None)
        if box is None or view.request_id is None or view.position is None:
            return None
        if became not in _OF_READERS:
            return box, became
        receipt = self.receipts.read(view.request_id, now=now)
        if receipt is None or view.position > len(receipt.boxes[box]):
            return box, "foreign"
        outcome = self._count_click(
            keys=self._shown(view.request_id, box, view.visitor_id or visitor, now),
            args=[
                repr(float(now)),
                view.position,
                *(_field("clicks", receipt, box, place) for place in (view.position, 0)),
            ],
        )
        return box, cast("Outcome", outcome)

    def tallies(self, *, now: float, days: int) -> list[Tally]:
        """Return the sums of the last days (UTC), today included, in the order of days, boxes and places."""
        today = int(now // _DAY_S)
        span = range(today - days + 1, today + 1)
        with self._redis.pipeline(transaction=False) as pipe:
            for day in span:
                pipe.hgetall(self._keys.clicks(day))
            found = pipe.execute()
        tallies = (tally for day, sums in zip(span, found, strict=True) for tally in _tallies(day, sums))
        return sorted(tallies, key=lambda one: (one.day, one.box, one.position, one.source, one.variant))

    def _shown(self, request_id: str, box: BoxName, who: str, now: float) -> list[str]:
        return [self._keys.shown(digest) for digest in self._visitors.digests(f"{request_id}\n{box}", who, now)]


def _field(kind: str, receipt: Receipt, box: BoxName, position: int) -> str:
    """Return the field that counts a place, or with place 0 the box as a whole."""
    source = receipt.boxes[box][position - 1] if position else ""
    return ":".join((kind, box, str(position), source, receipt.variant))


def _tallies(day: int, sums: dict[str, str]) -> Iterator[Tally]:
    counts: dict[str, Counter[str]] = {}
    for field, number in sums.items():
        kind, _, place = field.partition(":")
        counts.setdefault(place, Counter())[kind] = int(number)
    for place, count in counts.items():
        box, position, source, variant = place.split(":")
        yield Tally(
            day,
            cast("BoxName", box),
            int(position),
            cast("Source", source),
            variant,
            impressions=count["impressions"],
            clicks=count["clicks"],
        )
