"""Readers' choice against a slow recount of every trail."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from recommender.card import Card
from recommender.catalogue import Catalogue
from recommender.redis.keys import Keys
from recommender.related.readers import READERS_HALF_LIFE_S, READERS_KEPT, TRAIL_LENGTH, ReadersChoice
from recommender.trending.counters import Counters
from recommender.view import View
from tests.newsroom import article

START = 1_750_032_000.0
IDS = [f"a{number}" for number in range(12)]


def new_counters(redis: Redis, keys: Keys, *, trails: bool = True) -> Counters:
    Catalogue(redis, keys).put(Card.of(article(article_id)) for article_id in IDS)
    return Counters(redis, keys, visitor_pause_s=1, event_memory_s=100, board_size=10_000, trails=trails)


@given(
    views=st.lists(
        st.tuples(st.sampled_from(IDS), st.integers(0, 3), st.sampled_from([5, 300, 5000])), min_size=1, max_size=60
    )
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_learned_is_what_a_recount_gives(redis: Redis, keys: Keys, views: list[tuple[str, int, int]]) -> None:
    """Pairs on one visitor's trail count once, fade with time, and become choice and trust by the formulas."""
    redis.flushall()
    counters = new_counters(redis, keys)
    trails: dict[tuple[int, float], list[str]] = {}
    shared: defaultdict[tuple[str, str], float] = defaultdict(float)
    now = START
    end = START + sum(pause for *_, pause in views) + 1
    for article_id, visitor, pause in views:
        now += pause
        counters.count(View(article_id=article_id, visitor_id=str(visitor)), now=now)
        trail = trails.setdefault((visitor, now // 86_400), [])  # who it was is forgotten with the day
        if article_id not in trail:
            weight = 2 ** ((now - end) / READERS_HALF_LIFE_S)
            shared[article_id, article_id] += weight
            for other in trail:
                shared[article_id, other] += weight
                shared[other, article_id] += weight
            trail.insert(0, article_id)
            del trail[TRAIL_LENGTH:]
    choice, trust = (matrix.toarray() for matrix in ReadersChoice(redis, keys).learn(IDS, end))
    for one, a in enumerate(IDS):
        for two, b in enumerate(IDS):
            both = shared[a, b] if a != b else 0
            expected = both / np.sqrt((shared[a, a] + 20) * (shared[b, b] + 20))
            assert choice[one, two] == pytest.approx(expected, rel=1e-5)
            assert trust[one, two] == pytest.approx(both / (both + 30), rel=1e-5)


def test_nothing_is_learned_of_strangers_or_when_switched_off(redis: Redis, keys: Keys) -> None:
    """Views without a visitor, and all views when it is off, leave no trail."""
    counters = new_counters(redis, keys)
    counters.count(View(article_id="a1"), now=START)
    off = new_counters(redis, keys, trails=False)
    for article_id in IDS:
        off.count(View(article_id=article_id, visitor_id="one"), now=START)
    assert ReadersChoice(redis, keys).learn(IDS, START)[0].nnz == 0
    assert not redis.keys("*trail*")


def test_what_is_kept_is_bounded(redis: Redis, keys: Keys) -> None:
    """However many articles share readers with one, it keeps a bounded number, and every key expires."""
    others = [f"other-{number}" for number in range(3 * READERS_KEPT)]
    counters = new_counters(redis, keys)
    Catalogue(redis, keys).put(Card.of(article(article_id)) for article_id in others)
    for number, other in enumerate(others):
        for article_id in ("a0", other):
            counters.count(View(article_id=article_id, visitor_id=str(number)), now=START)
    assert redis.zcard(keys.readers("a0")) <= 1.2 * READERS_KEPT
    assert redis.zscore(keys.readers("a0"), "a0") == len(others)
    assert all(redis.ttl(key) > 0 for key in [*redis.keys("*trail*"), *redis.keys("*readers*")])
