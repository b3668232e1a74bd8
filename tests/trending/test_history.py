"""The history of views against a list of them, and what bulk and wrong clocks do to it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from random import Random
from typing import cast

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from recommender.card import Card
from recommender.catalogue import Catalogue
from recommender.redis.keys import Keys
from recommender.trending.counters import Counters
from recommender.trending.history import Views
from recommender.trending.tallies import Tally
from recommender.trending.windows import BOARDS, SPANS, WINDOWS
from recommender.view import View
from tests.newsroom import article

START = 1_750_000_123.0
DAY_S = 86_400
IDS = [f"a{number}" for number in range(6)]
SECTIONS = ["World", "Sport", None]

Boards = dict[str, dict[str, float]]


@pytest.fixture
def counters(redis: Redis, keys: Keys) -> Counters:
    return fresh(redis, keys)


def fresh(redis: Redis, keys: Keys, **limits: int) -> Counters:
    redis.flushall()
    Catalogue(redis, keys).put(Card.of(article(one, section=SECTIONS[number % 3])) for number, one in enumerate(IDS))
    return Counters(redis, keys, **limits)  # type: ignore[arg-type]


def boards(redis: Redis, keys: Keys) -> Boards:
    """Return every board as it stands in Redis, the logarithms of decayed ones as if all had begun at the same time."""
    since = float(cast("str", redis.hget(keys.view_clock, "landmark") or "0")) - START
    found: Boards = {}
    for kind, window in BOARDS:
        ahead = since / WINDOWS[window].half_life_s() if kind == "decayed" else 0.0
        for section in ("", "world", "sport"):
            name = keys.board(kind, window, section)
            rows = cast("list[tuple[str, float]]", redis.zrange(name, 0, -1, withscores=True))
            found[name] = {one: score + ahead for one, score in rows}
    return found


def buckets(redis: Redis, keys: Keys) -> dict[str, dict[str, str]]:
    """Return every bucket of the history as it stands in Redis."""
    names = redis.scan_iter(f"{keys.bucket_prefix}*", count=10_000)
    return {key: cast("dict[str, str]", redis.hgetall(key)) for key in names}


def assert_alike(one: Boards, other: Boards, *, log_of: float) -> None:
    """Assert that boards agree, decayed ones (which hold logarithms to base 2) in what they are the logarithms of."""
    assert {name: board.keys() for name, board in one.items()} == {name: board.keys() for name, board in other.items()}
    for name, board in one.items():
        decayed = ":decayed:" in name
        for article_id, score in board.items():
            if decayed:
                assert abs(2 ** (score - other[name][article_id]) - 1) < log_of, (name, article_id)
            else:
                assert score == other[name][article_id], (name, article_id)


told = st.lists(
    st.tuples(st.sampled_from(IDS), st.integers(0, 40) | st.integers(0, 20 * DAY_S), st.booleans()), max_size=40
)


@given(told, st.randoms())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_views_told_in_bulk_and_in_any_order_count_as_each_alone(
    redis: Redis, keys: Keys, told: list[tuple[str, int, bool]], random: Random
) -> None:
    """Boards and history hold what they would hold if every view had been counted when it happened."""
    end = START + 20 * DAY_S
    alone = fresh(redis, keys)
    for article_id, second, boxed in sorted(told, key=lambda view: view[1]):
        source = "trending" if boxed else None
        alone.count(View(article_id=article_id, source=source), now=START + second)
    alone.count(View(article_id=IDS[0]), now=end)
    expected, history = boards(redis, keys), alone.history.totals(0, end + 1, now=end)
    bulk = fresh(redis, keys)
    bulk.count(View(article_id=IDS[0]), now=end)
    random.shuffle(told)
    half = len(told) // 2
    for some in (told[:half], told[half:]):
        bulk.add([Tally(one, START + second, int(not boxed), int(boxed)) for one, second, boxed in some], now=end)
    assert_alike(boards(redis, keys), expected, log_of=1e-9)
    assert bulk.history.totals(0, end + 1, now=end) == history


def test_a_step_of_a_source_is_added_once(counters: Counters) -> None:
    """What broke off is sent again whole: what had been added is not added twice, and the rest is."""
    views = [Tally(one, START, 3) for one in IDS]
    assert counters.add(views, now=START, source="log", step=1) == {"counted": 18}
    assert counters.add(views, now=START, source="log", step=1) == {"replayed": 18}
    assert counters.add([*views, Tally("nobody", START)], now=START, source="log", step=2) == {
        "counted": 18,
        "unknown": 1,
    }
    assert counters.add(views, now=START, source="other", step=1) == {"counted": 18}
    assert counters.history.totals(START, START + 1, now=START) == dict.fromkeys(IDS, Views(9))
    assert counters.outcomes() == {"counted": 54, "unknown": 1, "replayed": 18}


def test_a_source_cut_off_between_two_parts_is_completed(redis: Redis, keys: Keys) -> None:
    """A step of more articles than one call takes is completed by the same call again, whatever had been done."""
    ids = [f"many-{number:03}" for number in range(250)]
    Catalogue(redis, keys).put(Card.of(article(one)) for one in ids)
    counters = Counters(redis, keys)
    views = [Tally(one, START) for one in ids]
    counters.add(views[:100], now=START, source="log", step=1)  # as far as the first part of the whole
    assert counters.add(reversed(views), now=START, source="log", step=1) == {"counted": 150, "replayed": 100}
    assert counters.history.totals(START, START + 1, now=START) == dict.fromkeys(ids, Views(1))


@given(told)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_series_and_totals_are_what_a_list_of_views_gives(
    redis: Redis, keys: Keys, told: list[tuple[str, int, bool]]
) -> None:
    """Every span that is kept holds its views, those from the trending box apart."""
    counters, now = fresh(redis, keys), START + 20 * DAY_S
    counters.add([Tally(one, START + second, int(not boxed), int(boxed)) for one, second, boxed in told], now=now)
    series = counters.history.series(IDS, now=now)
    for one in IDS:
        assert [found.seconds for found in series[one]] == [300, 3600, DAY_S]
        for found, span in zip(series[one], SPANS, strict=True):
            for boxed, numbers in ((False, found.organic), (True, found.boxed)):
                mine = [START + second for other, second, other_boxed in told if (other, other_boxed) == (one, boxed)]
                expected = Counter(int(second // span.seconds) for second in mine)
                first = found.start // span.seconds
                assert numbers == [expected[first + place] for place in range(len(numbers))]
    for start in (START + 18.5 * DAY_S, START + 3.25 * DAY_S, START - 1):
        oldest = start - start % (300 if start > now - 2 * DAY_S else 3600)
        expected_total = Counter(one for one, second, _ in told if START + second >= oldest)
        found_total = {one: views.total for one, views in counters.history.totals(start, now + 1, now=now).items()}
        assert found_total == expected_total


def test_a_list_of_the_past_is_what_the_board_said_then(counters: Counters) -> None:
    """Asked a day later, the boards of a moment hold what they held, decayed ones to what five minutes blur."""
    generator = np.random.default_rng(7)
    moment = math.ceil((START + 2 * DAY_S) / 300) * 300.0
    for second in np.sort(generator.uniform(START, moment - 1, 600)):
        counters.count(View(article_id=str(generator.choice(IDS))), now=float(second))
    then = {(kind, name): counters.top(kind, WINDOWS[name], "", now=moment - 1, count=10) for kind, name in BOARDS}
    counters.count(View(article_id="a5"), now=moment + DAY_S / 2)
    for (kind, name), board in then.items():
        past = counters.history.top(kind, WINDOWS[name], moment - 1, now=moment + DAY_S / 2)
        if kind == "viewed":
            assert past == board
        else:
            assert past == pytest.approx(board, rel=0.06, abs=0.02), name


def test_a_clock_that_was_ahead_does_no_lasting_harm(redis: Redis, keys: Keys) -> None:
    """Set back, boards are as if what was counted meanwhile had been counted at that moment, near enough to rank."""
    for ahead in (5 * 3600, 3 * DAY_S, 400 * DAY_S, 40_000 * DAY_S):
        before, wrong, after = [("a0", 30), ("a1", 20), ("a2", 10)], [("a3", 25), ("a1", 5)], [("a4", 12)]
        expected = fresh(redis, keys)
        at = START + 3600
        for one, views in before:
            expected.add([Tally(one, START, views)], now=START)
        for one, views in [*wrong, *after]:
            expected.add([Tally(one, at, views)], now=at)
        right, kept = boards(redis, keys), expected.history.totals(START - 1, at + 1, now=at)
        stepped = fresh(redis, keys)
        for one, views in before:
            stepped.add([Tally(one, START, views)], now=START)
        for one, views in wrong:
            stepped.add([Tally(one, START + ahead, views)], now=START + ahead)
        stepped.add([Tally("a4", at, 12)], now=at)
        found = boards(redis, keys)
        assert_alike(found, right, log_of=0.15)
        assert all(math.isfinite(score) for board in found.values() for score in board.values())
        assert stepped.history.totals(START - 1, at + 1, now=at) == kept
        assert stepped.top("viewed", WINDOWS["24h"], "", now=at + 2 * DAY_S, count=9) == {}


def test_clocks_that_differ_a_little_change_nothing(redis: Redis, keys: Keys) -> None:
    """Two hosts nine minutes apart count, in turn, what one would."""
    one_host, moments = fresh(redis, keys), [START + 60 * number for number in range(30)]
    for moment in moments:
        one_host.add([Tally("a0", moment - 540 * (moment % 120 < 60))], now=moments[-1])
    expected = boards(redis, keys)
    two_hosts = fresh(redis, keys)
    for moment in moments:
        two_hosts.count(View(article_id="a0"), now=moment - 540 * (moment % 120 < 60))
    assert_alike(boards(redis, keys), expected, log_of=1e-9)


def test_an_article_that_moves_takes_its_views_along(redis: Redis, keys: Keys, counters: Counters) -> None:
    """Its views are on the boards of the section it is in, leave them with time, and are nobody's once withdrawn."""
    catalogue, day = Catalogue(redis, keys), WINDOWS["24h"]
    counters.add([Tally("a0", START, 5)], now=START)
    catalogue.put([Card.of(article("a0", section="Sport"))])
    for kind, window in BOARDS:
        assert not counters.top(kind, WINDOWS[window], "world", now=START, count=9)
        assert counters.top(kind, WINDOWS[window], "sport", now=START, count=9)["a0"] == pytest.approx(5)
    catalogue.remove(["a0"])
    assert counters.top("viewed", day, "sport", now=START, count=9) == {}
    catalogue.put([Card.of(article("a0", section="World"))])
    assert counters.top("viewed", day, "world", now=START, count=9) == {"a0": 5}
    assert counters.top("viewed", day, "world", now=START + 2 * DAY_S, count=9) == {}


def test_what_came_from_the_box_weighs_half_and_is_kept_apart(counters: Counters) -> None:
    """A click in the trending box counts whole as a view, and half as a sign of what trends."""
    day = WINDOWS["24h"]
    counters.count(View(article_id="a0", source="trending"), now=START)
    counters.count(View(article_id="a1", source="related"), now=START)
    assert counters.top("viewed", day, "", now=START, count=9) == {"a0": 1, "a1": 1}
    assert counters.top("decayed", day, "", now=START, count=9) == pytest.approx({"a1": 1, "a0": 0.5})
    assert counters.history.totals(START, START + 1, now=START) == {"a0": Views(0, 1), "a1": Views(1, 0)}


def test_memory_is_bounded_whatever_is_read(redis: Redis, keys: Keys) -> None:
    """Far more articles than a span keeps are read: each bucket stays within its bound, the most read in it, and
    what was dropped has left the boards as well."""
    ids = [f"crawled-{number:04}" for number in range(1500)]
    Catalogue(redis, keys).put(Card.of(article(one)) for one in ids)
    counters = Counters(redis, keys, history_articles=100, board_size=100)
    counters.add([Tally(one, START, 50) for one in ids[:20]], now=START)
    counters.add([Tally(one, START + 1) for one in ids[20:]], now=START + 1)
    held = buckets(redis, keys)
    assert all(len(bucket) <= 220 for bucket in held.values())
    assert all(bucket[one] == "50" for bucket in held.values() for one in ids[:20])
    for window in WINDOWS.values():
        span = next(span for span in SPANS if span.seconds == window.bucket_s)
        kept = held[keys.bucket(span.seconds, int(START // span.seconds))]
        assert counters.top("viewed", window, "", now=START + 1, count=9999) == {
            one: float(views) for one, views in kept.items()
        }
        assert len(counters.top("decayed", window, "", now=START + 1, count=9999)) <= 110
        assert counters.top("viewed", window, "", now=START + 9 * DAY_S, count=9) == {}


def test_every_bucket_ends_when_its_time_is_over(counters: Counters, redis: Redis, keys: Keys) -> None:
    """Late or not, a bucket lives for what is left of its time, and views older than that leave none."""
    counters.count(View(article_id="a0"), now=START)
    counters.add([Tally("a1", START - age) for age in (DAY_S, 20 * DAY_S, 100 * DAY_S, 500 * DAY_S)], now=START)
    lives: dict[int, list[int]] = defaultdict(list)
    for key in buckets(redis, keys):
        seconds, number = map(int, key.removeprefix(keys.bucket_prefix).split(":"))
        lives[seconds].append(redis.ttl(key))
        span = next(span for span in SPANS if span.seconds == seconds)
        end = (number + 1) * seconds + span.kept_s
        assert redis.ttl(key) == pytest.approx(end - START, abs=300 + 2)
    assert {seconds: len(some) for seconds, some in lives.items()} == {300: 2, 3600: 3, DAY_S: 4}
