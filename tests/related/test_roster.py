"""A roster beside rows sorted anew after each change."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from recommender.related import roster as roster_module
from recommender.related.neighbours import COMPILED, Neighbours
from recommender.related.roster import Roster

WIDTH = 6


def nearest(cosines: NDArray[np.float32], there: NDArray[np.bool_]) -> Neighbours:
    """The nearest of each of all, among those that are there."""
    near = np.where(there[None, :], cosines, 0)
    np.fill_diagonal(near, 0)
    order = np.argsort(-near, axis=1, kind="stable")[:, :WIDTH]
    near = np.take_along_axis(near, order, axis=1)
    return Neighbours(np.where(near > 0, order, -1).astype(np.int32), near)


@pytest.mark.parametrize("seed", range(5))
def test_rows_are_those_sorted_anew_while_articles_come_move_and_go(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes stands in every row that it belongs in; whoever goes in none; what cannot be known is told.

    So it is with what is compiled, and without.
    """
    monkeypatch.setattr(roster_module, "COMPILED", COMPILED and seed % 2 == 0)
    random = np.random.default_rng(seed)
    cosines = np.where(random.random((60, 60)) < 0.4, 0, random.random((60, 60))).astype(np.float32)
    there = np.arange(60) < 40
    first = nearest(cosines[:40, :40], there[:40])
    roster = Roster(first)
    for turn in range(40, 60):
        roster.extend(1)
        every = np.arange(turn + 1)
        there[turn] = True
        gone = int(random.choice(np.flatnonzero(there[:turn])))
        there[gone] = False
        moved = int(random.choice(np.flatnonzero(there[:turn])))
        cosines[:, moved] = np.where(random.random(60) < 0.3, 0, random.random(60))
        came = np.array([moved, turn])
        near = cosines[: turn + 1, came].copy()
        near[came, [0, 1]] = 0  # nobody is near itself
        wanted = nearest(cosines[: turn + 1, : turn + 1], there[: turn + 1])
        holders = np.flatnonzero((roster.indices == gone).any(axis=1))
        np.testing.assert_array_equal(roster.drop(np.array([gone])), holders)
        roster.enter(came, near, every if turn % 2 else None)
        roster.put(turn, wanted.indices[turn].astype(np.int64), wanted.cosines[turn])
        for place in every:
            sure = roster.cosines[place] > roster.bounds[place]
            np.testing.assert_array_equal(roster.indices[place][sure], wanted.indices[place][: sure.sum()])
        short = roster.short(every, 3)
        sure_of = (roster.cosines > roster.bounds[:, None]).sum(axis=1)
        np.testing.assert_array_equal(short, np.flatnonzero((sure_of < 3) & (roster.bounds > 0)))
        for place in short:
            roster.put(place, wanted.indices[place].astype(np.int64), wanted.cosines[place])
    assert len(roster.indices) == 60


def test_what_changed_is_taken_over_by_another() -> None:
    """A roster of the same first articles that takes over the changed rows is the same."""
    random = np.random.default_rng(1)
    cosines = random.random((30, 30)).astype(np.float32)
    first = nearest(cosines[:20, :20], np.ones(20, dtype=bool))
    roster, other = Roster(first), Roster(first)
    roster.extend(2)
    roster.enter(np.array([20, 21]), cosines[:22, 20:22], np.arange(22))
    places = roster.changed()
    assert 2 < len(places) < 22
    assert not len(roster.changed())
    other.extend(2)
    other.go_on(places, Neighbours(roster.indices[places], roster.cosines[places]), roster.bounds[places])
    np.testing.assert_array_equal(other.indices, roster.indices)
    np.testing.assert_array_equal(other.cosines, roster.cosines)
    np.testing.assert_array_equal(other.bounds, roster.bounds)
