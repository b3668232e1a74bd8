"""The counters against a slow and obvious recount in Python."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from recommender.article import section_key
from recommender.card import Card
from recommender.catalogue import Catalogue
from recommender.redis.keys import Keys
from recommender.trending.counters import Counters
from recommender.trending.tallies import Tally
from recommender.trending.windows import WINDOWS
from recommender.view import View
from tests.newsroom import article
from tests.trending.recount import PAUSE_S, Recount, assert_boards_agree

START = 1_750_000_123.0
SECTIONS = ["World", "Sport", None]
ARTICLES = [article(f"a{number}", section=SECTIONS[number % 3]) for number in range(6)]


def new_recount() -> Recount:
    return Recount({one.id: section_key(one.section) for one in ARTICLES})


@pytest.fixture
def counters(redis: Redis, keys: Keys) -> Counters:
    Catalogue(redis, keys).put(map(Card.of, ARTICLES))
    return Counters(redis, keys, visitor_pause_s=PAUSE_S, event_memory_s=100_000, board_size=10_000)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 6),
            st.none() | st.integers(0, 3),
            st.none() | st.integers(0, 30),
            st.floats(0, 40) | st.floats(0, 5_000) | st.floats(0, 400_000),
            st.sampled_from(["", "", "", "bot"]),
        ),
        max_size=25,
    ),
    st.floats(0, 900_000),
    st.sampled_from([0.25, 0.25, 0.02, 1.0]),
)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_board_agrees_with_a_recount(
    redis: Redis,
    keys: Keys,
    views: list[tuple[int, int | None, int | None, float, str]],
    idle: float,
    share: float,
) -> None:
    """Whatever is viewed when by whom, each board holds what counting all views again gives, to 1e-9."""
    redis.flushall()
    keys = keys.by(share)
    Catalogue(redis, keys).put(map(Card.of, ARTICLES))
    counters = Counters(redis, keys, visitor_pause_s=PAUSE_S, event_memory_s=100_000, board_size=10_000)
    recount, now = new_recount(), START
    for number, visitor, event, lapse, reason in views:
        now += lapse
        view = View(
            article_id=f"a{number}",
            visitor_id=None if visitor is None else f"v{visitor}",
            event_id=None if event is None else f"e{event}",
        )
        assert counters.count(view, now=now, reason=reason) == recount.count(view, now, reason)
    assert_boards_agree(counters, recount, now)
    assert_boards_agree(counters, recount, now + idle)


def test_a_late_view_counts_where_it_belongs(counters: Counters) -> None:
    """A view told after its bucket has left a window is not on that window's board, then or later."""
    hour = WINDOWS["1h"]
    counters.count(View(article_id="a0"), now=START)
    assert counters.add([Tally("a1", START - 10_000)], now=START)["counted"] == 1
    assert set(counters.top("viewed", hour, "", now=START, count=10)) == {"a0"}
    assert set(counters.top("viewed", WINDOWS["24h"], "", now=START, count=10)) == {"a0", "a1"}
    assert counters.top("viewed", WINDOWS["24h"], "", now=START + 200_000, count=10) == {}


def assert_exact(counters: Counters, views: int) -> None:
    """Count views over 1,000 half-lives of the shortest window, and hold every board against summing them anew."""
    generator, hour = np.random.default_rng(5), WINDOWS["1h"]
    seconds = START + np.sort(generator.uniform(0, 1000 * hour.half_life_s(), views))
    articles = generator.integers(0, len(ARTICLES), views)
    for second, one in zip(seconds.tolist(), articles.tolist(), strict=True):
        assert counters.count(View(article_id=f"a{one}"), now=second) == "counted"
    now = float(seconds[-1])
    for window in WINDOWS.values():
        oldest = (now // window.bucket_s - window.buckets + 1) * window.bucket_s
        weights = 2.0 ** ((seconds - now) / window.half_life_s())
        decayed = {f"a{one}": math.fsum(weights[articles == one]) for one in range(len(ARTICLES))}
        viewed = {f"a{one}": float(((articles == one) & (seconds >= oldest)).sum()) for one in range(len(ARTICLES))}
        assert counters.top("decayed", window, "", now=now, count=99) == pytest.approx(decayed, rel=1e-9, abs=0)
        assert counters.top("viewed", window, "", now=now, count=99) == {one: n for one, n in viewed.items() if n}


def test_ten_thousand_views_over_a_thousand_half_lives_are_exact(counters: Counters) -> None:
    """Neither long decay nor many additions blur a board by more than a billionth."""
    assert_exact(counters, 10_000)


@pytest.mark.benchmark
def test_a_million_views_over_a_thousand_half_lives_are_exact(counters: Counters) -> None:
    """The same at full size."""
    assert_exact(counters, 1_000_000)


def test_decay_survives_ten_thousand_half_lives(counters: Counters) -> None:
    """Years of views neither overflow nor blur: the last hour's still count exactly."""
    hour, recount = WINDOWS["1h"], new_recount()
    for lapse in (0.0, 100.0, 10_000 * hour.half_life_s(), 10_000 * hour.half_life_s() + 60):
        recount.count(View(article_id="a0"), START + lapse)
        counters.count(View(article_id="a0"), now=START + lapse)
    views = counters.top("decayed", hour, "", now=START + lapse, count=1)["a0"]
    assert views == pytest.approx(recount.decayed(hour, "", START + lapse, 0.25)["a0"], rel=1e-9)


def test_a_visitor_counts_again_after_the_pause_and_across_midnight_not_before(counters: Counters) -> None:
    """The half hour holds when the salt of the visitor hashes changes in its middle."""
    midnight = math.ceil(START / 86_400) * 86_400.0
    seen = View(article_id="a0", visitor_id="v")
    assert counters.count(seen, now=midnight - 600) == "counted"
    assert counters.count(seen, now=midnight + 600) == "repeat"
    assert counters.count(seen, now=midnight - 600 + PAUSE_S) == "counted"


def test_boards_are_bounded(redis: Redis, keys: Keys) -> None:
    """A decayed board keeps its best; nothing that unknown articles are said to have been read adds anything."""
    Catalogue(redis, keys).put(Card.of(article(f"b{number}")) for number in range(30))
    counters = Counters(redis, keys, visitor_pause_s=PAUSE_S, event_memory_s=100, board_size=10)
    for number in range(30):
        counters.count(View(article_id=f"b{number}"), now=START + 60 * number)
    kept = counters.top("decayed", WINDOWS["24h"], "", now=START + 3600, count=100)
    assert 10 <= len(kept) <= 11
    assert list(kept) == [f"b{number}" for number in range(29, 29 - len(kept), -1)]
    before = redis.dbsize()
    for number in range(100):
        counters.count(View(article_id=f"unknown{number}"), now=START)
    assert redis.dbsize() == before


def test_every_key_of_a_view_is_bounded_or_expires(counters: Counters, redis: Redis, keys: Keys) -> None:
    """Whatever is kept for one view, one visitor or one moment has an end."""
    counters.count(View(article_id="a0", event_id="e", visitor_id="v"), now=START)
    lasting = {key for key in redis.scan_iter() if redis.ttl(key) == -1}
    boards = {key for key in lasting if key.startswith(keys.board_prefix)}
    catalogue = {keys.cards, keys.sections, keys.latest(), keys.latest("world"), keys.latest("sport")}
    assert lasting - boards == catalogue | {keys.view_clock, keys.views}
    salts = [key for key in redis.scan_iter() if ":salt:" in key]
    assert salts
    assert all(0 < redis.ttl(key) <= 48 * 3600 for key in salts)


def test_nothing_tells_who_read(counters: Counters, redis: Redis) -> None:
    """No visitor id, address or user agent stands anywhere in Redis."""
    counters.count(View(article_id="a0", visitor_id="reader-4711"), now=START)
    counters.count(View(article_id="a0"), visitor="203.0.113.9\nMozilla/5.0 Unmistakable", now=START)
    everything = "".join(f"{key}{redis.dump(key)!r}" for key in redis.scan_iter())
    assert "4711" not in everything
    assert "203.0.113.9" not in everything
    assert "Unmistakable" not in everything
