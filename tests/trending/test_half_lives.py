"""Half-lives that a site changes while it has been counting for days."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from redis import Redis

from recommender.card import Card
from recommender.catalogue import Catalogue
from recommender.redis.keys import Keys
from recommender.trending.choice import Choice
from recommender.trending.counters import Counters
from recommender.trending.tempo import Tempo
from recommender.trending.windows import WINDOWS
from recommender.view import View
from tests.newsroom import article
from tests.running import START_S, running

START = 1_750_000_123.0
NOW = START + 3 * 86_400
ARTICLES = [article(f"a{number}", section=("World", "Sport")[number % 2]) for number in range(60)]


def read_for_days(counters: Counters) -> None:
    generator = np.random.default_rng(3)
    first = [one.id for one in ARTICLES]
    others = [f"a{number:.0f}" for number in len(ARTICLES) * generator.beta(1, 4, 640) // 1]
    for second, read in zip(np.sort(generator.uniform(START, NOW, 700)), first + others, strict=True):
        box = "trending" if generator.random() < 0.2 else None
        counters.count(View(article_id=read, source=box), now=float(second))


@pytest.fixture
def quarter(redis: Redis, keys: Keys) -> Counters:
    """Return counters by the usual half-lives that have counted views for three days."""
    Catalogue(redis, keys).put(map(Card.of, ARTICLES))
    counters = Counters(redis, keys)
    read_for_days(counters)
    assert counters.recount(now=NOW) == len(ARTICLES)
    return counters


def decayed(counters: Counters) -> dict[tuple[str, str], dict[str, float]]:
    return {
        (window.name, section): counters.top("decayed", window, section, now=NOW, count=100)
        for window in WINDOWS.values()
        for section in ("", "world", "sport")
    }


def test_boards_are_as_if_the_half_lives_had_always_been_so(redis: Redis, keys: Keys, quarter: Counters) -> None:
    """Every board, of sections too, holds what it would, but for the blur of the buckets; a view since counts whole."""
    always = Counters(redis, Keys("always", 0.5))
    Catalogue(redis, Keys("always")).put(map(Card.of, ARTICLES))
    read_for_days(always)
    half = Counters(redis, keys.by(0.5))
    for counters in (half, always):
        counters.count(View(article_id="a59"), now=NOW)
    assert half.recount(now=NOW) == len(ARTICLES)
    for counters in (half, always):
        counters.count(View(article_id="a58"), now=NOW)
    for board, expected in decayed(always).items():
        found = decayed(half)[board]
        assert found.keys() == expected.keys()
        assert found == pytest.approx(expected, rel=0.1, abs=0.02), board
    assert half.recount(now=NOW) == 0
    assert quarter.top("decayed", WINDOWS["7d"], now=NOW, count=1) != half.top(
        "decayed", WINDOWS["7d"], now=NOW, count=1
    )


def test_what_other_half_lives_left_goes_in_a_day_unless_they_come_back(
    redis: Redis, keys: Keys, quarter: Counters
) -> None:
    """Boards and the night's choice expire; set back in time, they are whole again, the views since included."""
    quarter.set_choice(Choice(formula=Tempo("1h", 0.0)))
    half = Counters(redis, keys.by(0.5))
    assert half.choice() == Choice()  # what was learned by other half-lives says nothing of these
    half.recount(now=NOW)
    old = [keys.board("decayed", window, section) for window in WINDOWS for section in ("", "world", "sport")]
    assert all(0 < redis.ttl(key) <= 86_400 for key in [*old, keys.choice])
    assert all(redis.ttl(keys.by(0.5).board("decayed", window)) == -1 for window in WINDOWS)
    half.count(View(article_id="a59"), now=NOW)
    before = quarter.top("decayed", WINDOWS["1h"], now=NOW, count=100).get("a59", 0.0)
    quarter.recount(now=NOW)
    assert quarter.top("decayed", WINDOWS["1h"], now=NOW, count=100)["a59"] == pytest.approx(before + 1, abs=0.1)
    assert all(redis.ttl(key) == -1 for key in [*old, keys.choice])
    assert quarter.choice().formula == Tempo("1h", 0.0)


def test_a_recount_that_breaks_off_begins_anew(redis: Redis, keys: Keys, quarter: Counters) -> None:
    """As long as it has not come to its end, half-lives are not taken for counted."""
    whole = Counters(redis, keys.by(0.5))
    whole.recount(now=NOW)
    expected = decayed(whole)
    redis.hset(keys.view_clock, "half_life_share", repr(quarter.half_life_share))  # as before the last step
    redis.delete(keys.by(0.5).board("decayed", "24h"), keys.by(0.5).board("decayed", "6h", "sport"))
    assert whole.recount(now=NOW) == len(ARTICLES)
    assert decayed(whole) == {board: pytest.approx(views) for board, views in expected.items()}


def test_a_service_that_starts_by_new_half_lives_recounts(redis: Redis, tmp_path: Path) -> None:
    """What was counted before the setting changed is on the lists again without a night between."""
    keys, now = Keys("recommender"), time.time()
    Catalogue(redis, keys).put(map(Card.of, ARTICLES))
    counters = Counters(redis, keys)
    counters.recount(now=now)
    counters.count(View(article_id="a7"), now=now)
    redis_url = f"unix://{redis.connection_pool.connection_kwargs['path']}"
    with running("serve", tmp_path, redis_url=redis_url, trending_half_life_share="0.5") as server:
        deadline = time.monotonic() + START_S
        while redis.hget(keys.view_clock, "half_life_share") != "0.5":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        found = httpx.get(f"{server.address}/v1/trending?window=1h&limit=1", timeout=START_S, trust_env=False).json()
    assert [(item["id"], item["source"]) for item in found["items"]] == [("a7", "trending")]
