"""The formulas of the ranks, against what is obvious."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.trending.ranks import ages_h, rising_scores, trending_places
from recommender.trending.tempo import Tempo

FAST_S, SLOW_S = 900.0, 21_600.0
amounts = st.floats(0, 1e9)


def held(start_s: float, rate_s: float, half_life_s: float) -> float:
    """Return what a counter holds of an article that has been read steadily for so long."""
    return float(rate_s * half_life_s / np.log(2) * (1 - 2 ** (-start_s / half_life_s)))


def rising(*histories: tuple[float, float]) -> list[float]:
    """Return the scores of articles that were read for so many seconds, so often a second."""
    late = np.array([held(start, rate, FAST_S) for start, rate in histories])
    usual = np.array([held(start, rate, SLOW_S) for start, rate in histories])
    return list(rising_scores(late, usual, pace=FAST_S / SLOW_S, least=5, prior=5))


def test_of_two_read_alike_the_newer_trends() -> None:
    """Age divides, by the exponent given; a date ahead of the clock is no advantage."""
    ages = ages_h({"new": 10 * 3600.0, "old": 3 * 3600.0, "ahead": 13 * 3600.0}, 10 * 3600.0)
    alike = dict.fromkeys(ages, 10.0)
    places = trending_places({"24h": alike}, ages, Tempo("24h", 0.5), now=0.0)
    assert [place.article_id for place in places] == ["ahead", "new", "old"]
    assert [place.score for place in places] == pytest.approx([10 / 2**0.5, 10 / 2**0.5, 10 / 3])
    assert [np.prod(list(place.parts.values())) for place in places] == pytest.approx([p.score for p in places])
    assert [p.score for p in trending_places({"24h": alike}, ages, Tempo("24h", 0.0), now=0.0)] == [10, 10, 10]


def test_a_newborn_rises_and_a_steady_article_does_not() -> None:
    """Born five minutes ago and read ten times a minute beats what has long been read a hundred times as often."""
    newborn, steady, unread = rising((300, 10 / 60), (10 * 86_400, 1000 / 60), (300, 1 / 6000))
    assert newborn > 5
    assert steady < 1.001
    assert unread == 0


def test_few_views_more_are_no_surge() -> None:
    """Six views of an article nobody read weigh less than six hundred of one that is read a hundred times an hour."""
    few, many = rising_scores(
        np.array([6.0, 600.0]),
        np.array([6.0, 2400.0]),
        pace=FAST_S / SLOW_S,
        least=5,
        prior=5,
    )
    assert 1 < few < many


@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=20))
def test_scores_are_numbers_whatever_is_counted(counted: list[tuple[float, float]]) -> None:
    """Never infinite, never below 0; an article with less evidence than is asked for is not rising."""
    late, usual = np.array(counted).T
    scores = rising_scores(late, usual, pace=FAST_S / SLOW_S, least=5, prior=5)
    assert np.isfinite(scores).all()
    assert (scores >= 0).all()
    assert not scores[late < 5].any()
