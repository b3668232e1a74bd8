"""The site's tempo: foretelling against a slow replay, and the choice of a night."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis

from jobs.foretelling import Learner
from jobs.kept_hours import kept_hours
from jobs.pacing import learn_tempo
from recommender.redis.keys import Keys
from recommender.service import Service
from recommender.trending.choice import Choice
from recommender.trending.replay import Log, hours
from recommender.trending.tempo import DAY_S, DEFAULT_TEMPO, TEMPOS
from recommender.trending.windows import WINDOWS
from recommender.view import View
from tests.conftest import Publish
from tests.newsroom import article
from tests.trending.logs import START, fast_site, random_log


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_each_hour_is_that_of_a_slow_replay(seed: int) -> None:
    """Decayed views, ages and the truth of every hour are what summing all views anew gives."""
    log = random_log(seed, 4000, 60, 1.5)
    told = list(hours(log, since=START + 3600))
    assert len(told) > 20
    for hour in told[:: len(told) // 5]:
        past = log.times < hour.now
        after: Counter[int] = Counter()
        for time, one in zip(log.times, log.articles, strict=True):
            if hour.now <= time < hour.now + 3600:
                after[int(one)] += 1
        most = [count for _, count in after.most_common(10)]
        assert (hour.tenth, hour.ten) == (most[-1], sum(most))
        assert set(hour.articles) == set(log.articles[past])
        for place, one in enumerate(hour.articles):
            assert hour.truth[place] == after[int(one)]
            assert hour.ever[place] == (past & (log.articles == one)).sum()
            assert hour.ages[place] == pytest.approx((hour.now - log.born[one]) / 3600)
            mine = log.times[past & (log.articles == one)]
            for name, window in WINDOWS.items():
                exact = sum(2 ** ((time - hour.now) / window.half_life_s()) for time in mine)
                assert hour.decayed[name][place] == pytest.approx(exact, rel=1e-9)


def test_hours_with_little_to_foretell_tell_nothing() -> None:
    """Under twenty views, or under ten articles, nothing is scored."""
    few = Log(np.linspace(START, START + 2800, 15), np.arange(15) % 12, np.ones(15), np.full(12, START))
    assert not any(hour.telling for hour in hours(few, since=0))
    narrow = Log(np.linspace(START, START + 10_000, 500), np.arange(500) % 9, np.ones(500), np.full(9, START))
    assert not any(hour.telling for hour in hours(narrow, since=0))
    empty = Log(np.empty(0), np.empty(0, dtype=np.int64), np.empty(0), np.empty(0))
    assert not list(hours(empty, since=0))


def test_a_hit_is_what_is_read_as_often_as_the_tenth() -> None:
    """Of ten listed, those count whose views reach the tenth's, ties included."""
    log = random_log(1, 6000, 40, 1.0)
    for hour in hours(log, since=START + 7200):
        score = hour.score(DEFAULT_TEMPO)
        listed = sorted(
            range(len(score)), key=lambda one: (-score[one], -hour.decayed["24h"][one], hour.articles[one])
        )[:10]
        hits = sum(hour.truth[one] >= hour.tenth for one in listed) / 10
        captured = sum(hour.truth[one] for one in listed) / hour.ten
        assert list(hour.hits(score)) == pytest.approx([hits, captured])


def test_a_fast_site_gets_a_fast_tempo_and_too_little_evidence_the_default() -> None:
    """Where only the last half hour foretells the next, the shortest window is chosen, by the past alone."""
    learner = Learner()
    told = list(hours(fast_site(3), since=START))
    for hour in told[:20]:
        learner.learn(hour)
    assert learner.choose(START + 40 * DAY_S, Choice()).tempo == DEFAULT_TEMPO
    assert learner.choose(START + DAY_S, Choice()).tempo == DEFAULT_TEMPO
    for hour in told[20:]:
        learner.learn(hour)
    assert learner.choose(START + 5 * DAY_S, Choice()).tempo.window == "1h"
    assert learner.choose(START, Choice()).tempo == DEFAULT_TEMPO
    assert TEMPOS[0] == DEFAULT_TEMPO


def test_the_night_learns_the_tempo_that_auto_then_serves(
    service: Service, publish: Publish, redis: Redis, keys: Keys, tmp_path: Path
) -> None:
    """From the counters' own hours the tempo is chosen, kept, and used by the next answers for ``auto``."""
    log = fast_site(5)
    publish(*(article(str(number)) for number in range(int(log.articles.max()) + 1)))
    shift = datetime.now(UTC).timestamp() // 3600 * 3600 - (START + 5 * DAY_S)
    buckets: defaultdict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for time, one in zip(log.times + shift, log.articles, strict=True):
        for seconds in (300, 3600):
            buckets[seconds, int(time // seconds)][str(one)] += 1
    for (seconds, number), views in buckets.items():
        redis.hset(keys.bucket(seconds, number), items=[part for pair in views.items() for part in pair])
    now = START + 5 * DAY_S + shift
    tempo = learn_tempo(service.counters, service.archive, tmp_path, now).tempo
    assert tempo.window == "1h"
    assert service.counters.choice().tempo == tempo
    for reader in range(60):
        service.counters.count(View(article_id="1", visitor_id=f"a{reader}"), now=now - 5 * 3600)
    for reader in range(20):
        service.counters.count(View(article_id="2", visitor_id=f"b{reader}"), now=now)
    auto = service.boxes.trending(window="auto", limit=2).items
    hour = service.boxes.trending(window="1h", limit=2).items
    assert [item.id for item in auto] == [item.id for item in hour] == ["2", "1"]
    fresh = list(kept_hours(tmp_path, half_life_share=0.25))
    assert 40 < len(fresh) < 48
    learn_tempo(service.counters, service.archive, tmp_path, now)
    again = [kept.now for kept in kept_hours(tmp_path, half_life_share=0.25)]
    assert len(set(again)) == len(again) >= len(fresh)
    exact = {one.now + shift: one for one in hours(log, since=START)}
    for kept in fresh:  # told apart by five minutes, views fade nearly as they do by the second
        assert kept.decayed["1h"].sum() == pytest.approx(exact[kept.now].decayed["1h"].sum(), rel=0.05)
        assert (kept.tenth, kept.ten, kept.telling) == (exact[kept.now].tenth, exact[kept.now].ten, True)
    learn_tempo(service.counters, service.archive, tmp_path, now + 100 * DAY_S)
    assert not list(kept_hours(tmp_path, half_life_share=0.25))
    redis.delete(keys.choice)
    assert service.counters.choice() == Choice()
