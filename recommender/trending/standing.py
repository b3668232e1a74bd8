"""Who stands on a list, and since when: against flicker, and against articles that never leave.

The memory of one list is small: those on it, and those that left it within the last hour.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

__all__ = ["FORGOTTEN_S", "STANDING_LIFE_S", "Standing", "Stay", "StayRules"]

FORGOTTEN_S = 3600
"""Seconds after which an article that is not read enough to be on the list starts anew."""
STANDING_LIFE_S = 2 * FORGOTTEN_S
_WRITTEN_S = 60
_MOST = 200
"""Articles remembered for one list; whose turn is longest ago is forgotten first."""


class Stay(NamedTuple):
    """Since when an article has been on a list, and when it was last read enough to be, in whole Unix seconds."""

    since: int
    seen: int


@dataclass(frozen=True, slots=True)
class StayRules:
    """How articles come on a list and leave it.

    Attributes
    ----------
    listed : int
        Places that count as the list.
    margin : float
        What a newcomer must have more than one that is on the list, as a share of its score.
    longest_s : float
        Seconds after which an article leaves the list, until it has not been read enough for an hour; 0: it stays.
    """

    listed: int
    margin: float
    longest_s: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What is remembered of one list.

    Attributes
    ----------
    made : int
        Unix second at which this was written down.
    stays : dict of str to Stay
        By article id.
    listed : tuple of str
        Those on the list.
    """

    made: int = 0
    stays: Mapping[str, Stay] = field(default_factory=dict)
    listed: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, text: str | None) -> Self:
        """Read what `to_json` wrote; nothing is remembered of a list that was never written."""
        if text is None:
            return cls()
        made, stays, listed = json.loads(text)
        return cls(made, {one: Stay(*stay) for one, stay in stays.items()}, tuple(listed))

    def to_json(self) -> str:
        """Write it down."""
        return json.dumps([self.made, self.stays, self.listed], separators=(",", ":"))

    def since(self, article_id: str) -> float | None:
        """Return the Unix second since when an article has been on the list, if it is."""
        return self.stays[article_id].since if article_id in self.listed else None

    def is_news(self, before: Standing) -> bool:
        """Tell whether it is worth writing down: another list, or the same one a minute later."""
        return set(self.listed) != set(before.listed) or abs(self.made - before.made) >= _WRITTEN_S

    def settle(self, scores: Mapping[str, float], rules: StayRules, *, now: float) -> tuple[list[str], Standing]:
        """Return the ids in the order in which they are listed, and what is to be remembered of it.

        Those that are on the list, and then the others, stand in the order of their scores.

        Parameters
        ----------
        scores : mapping of article id to score
            Best first.
        rules : StayRules
        now : float
            Unix seconds.
        """
        stays = {one: stay for one, stay in self.stays.items() if now - stay.seen < FORGOTTEN_S}
        overdue = {one for one, stay in stays.items() if 0 < rules.longest_s < now - stay.since}
        sitting = stays.keys() & set(self.listed)
        by_favour = sorted(scores, key=lambda one: -scores[one] * (1 + rules.margin * (one in sitting)))
        listed = [one for one in by_favour if one not in overdue][: rules.listed]
        # One that is overdue and still read enough to be listed is not forgotten: it would come back at once.
        for one in {*listed, *(overdue & set(by_favour[: rules.listed]))}:
            stays[one] = Stay(stays[one].since if one in stays else int(now), int(now))
        latest = sorted(stays, key=lambda one: (-stays[one].seen, one))[:_MOST]
        order = sorted((one for one in scores if one not in overdue), key=lambda one: one not in listed)
        return order, Standing(int(now), {one: stays[one] for one in latest}, tuple(listed))
