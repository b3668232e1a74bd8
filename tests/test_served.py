"""What was served, counted in the process and added to Redis by day."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import httpx
import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from recommender.answers import BOXES, BoxName, Item, Source
from recommender.card import Card
from recommender.redis.connection import connect
from recommender.redis.embedded import EmbeddedRedis
from recommender.redis.keys import Keys
from recommender.served import AGES, OWN_SOURCES, Served
from recommender.service import Service
from tests.conftest import Publish
from tests.newsroom import article
from tests.running import running

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC).timestamp()
DAY_S = 86_400
SOURCES: tuple[Source, ...] = ("pinned", "related", "trending", "section", "latest")
AGES_S = {0: "1 h", 3599: "1 h", 3600: "6 h", DAY_S: "3 d", 30 * DAY_S - 1: "30 d", 30 * DAY_S: "older", -60: "1 h"}


@pytest.fixture
def served(redis: Redis, keys: Keys) -> Iterator[Served]:
    with closing(Served(redis, keys)) as counting:
        yield counting


def item(source: Source, age_s: float | None = 0) -> Item:
    published_at = None if age_s is None else datetime.fromtimestamp(NOW - age_s, UTC)
    card = Card.of(article("a", published_at=published_at))
    return Item.of(card, position=1, score=0, source=source)


@pytest.mark.parametrize("box", BOXES)
def test_sums_are_those_of_a_list(served: Served, redis: Redis, keys: Keys, box: BoxName) -> None:
    """By day and box, from many threads and two processes' worth of counters; each added once."""
    random = Random(1)
    told = [(day, [random.choice(SOURCES) for _ in range(random.randint(0, 6))]) for day in range(3) for _ in range(60)]
    other = Served(redis, keys)

    def count(some: list[tuple[int, list[Source]]], counting: Served) -> None:
        for number, (day, sources) in enumerate(some):
            counting.count(box, [item(source) for source in sources], now=NOW - day * DAY_S)
            if number % 7 == 0:
                counting.flush()

    threads = [threading.Thread(target=count, args=(told[n::4], (served, other)[n % 2])) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    served.close()
    days = served.by_day(box, now=NOW, days=4)
    assert [str(one.day) for one in days] == ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]
    for back, day in enumerate(reversed(days)):
        lists = [sources for of, sources in told if of == back and sources]
        assert day.boxes == len(lists)
        assert day.filled == sum(not set(sources) <= OWN_SOURCES[box] for sources in lists)
        assert day.sources == Counter(source for sources in lists for source in sources)
    (untouched,) = (name for name in BOXES if name != box)
    assert not any(day.boxes for day in served.by_day(untouched, now=NOW, days=4))


@pytest.mark.parametrize(("age_s", "name"), [*AGES_S.items(), (None, "no date")])
def test_ages_are_told_apart(served: Served, age_s: float | None, name: str) -> None:
    assert name in AGES
    served.count("trending", [item("trending", age_s)], now=NOW)
    served.flush()
    assert served.by_day("trending", now=NOW, days=1)[0].ages == {name: 1}


def test_what_is_kept_is_bounded_and_expires(served: Served, redis: Redis, keys: Keys) -> None:
    """However much is served: a field for each source and age, for a year."""
    for box in BOXES:
        for source in SOURCES:
            served.count(box, [item(source, age_s) for age_s in (*AGES_S, None)] * 3, now=NOW)
    served.flush()
    key = keys.served_of_day(int(NOW // DAY_S))
    assert redis.hlen(key) <= len(BOXES) * (len(SOURCES) * len(AGES) + 2)
    assert 365 * DAY_S < redis.ttl(key) <= 366 * DAY_S


def test_counting_asks_redis_for_nothing(served: Served, redis: Redis) -> None:
    """A reader waits for no round trip more; the sums come a few seconds later, by themselves."""

    def commands() -> int:
        return int(redis.info("stats")["total_commands_processed"])

    before = commands()
    served.count("related", [item("related")], now=NOW)
    assert commands() == before + 1


def test_what_redis_refuses_is_added_later(served: Served, redis: Redis) -> None:
    """A full Redis takes all of a batch or nothing, and what it refused comes with the next."""
    redis.config_set("maxmemory", 1)
    try:
        served.count("related", [item("latest")], now=NOW)
        served.flush()
    finally:
        redis.config_set("maxmemory", 0)
    assert not served.by_day("related", now=NOW, days=1)[0].boxes
    served.count("related", [item("related")], now=NOW)
    served.close()
    (day,) = served.by_day("related", now=NOW, days=1)
    assert (day.boxes, day.filled) == (2, 1)


@pytest.mark.parametrize(
    ("path", "boxes"),
    [
        ("/v1/widgets?article_id=a", ("related", "trending")),
        ("/v1/related?article_id=a", ("related",)),
        ("/v1/trending", ("trending",)),
        ("/embed/related?article_id=a", ("related",)),
        ("/feeds/trending.json", ("trending",)),
        ("/articles/a", ("related", "trending")),
    ],
)
def test_every_answer_to_a_reader_counts(
    client: FlaskClient, service: Service, publish: Publish, path: str, boxes: tuple[BoxName, ...]
) -> None:
    """In the metrics at once, and by day; what the desk looks at does not."""
    publish(*(article(one) for one in ("a", *map(str, range(30)))))
    assert client.get(path).status_code == 200
    assert client.get("/v1/desk/now", auth=("editor", "an-editor-of-the-tests")).status_code == 200
    service.served.flush()
    told: Counter[str] = Counter()
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            if sample.name == "recommender_items_total":
                assert sample.labels["source"] == "latest"
                told[sample.labels["box"]] += int(sample.value)
    for box in BOXES:
        (today,) = service.served.by_day(box, now=time.time(), days=1)
        assert today.boxes == today.filled == (box in boxes)
        assert today.sources.total() == told[box]
        assert today.ages == {"no date": told[box]} if told[box] else not today.ages


def test_workers_that_are_told_to_end_add_what_is_left(tmp_path: Path) -> None:
    """Each of several, so that nothing that was served before a restart is missing."""
    with running("serve", tmp_path) as process:
        token = json.loads((tmp_path / "secrets.json").read_text())["api_token"]
        with httpx.Client(base_url=process.address, trust_env=False) as client:
            body = [{"id": "a", "title": "A", "url": "https://news.example/a"}]
            client.post("/v1/articles", json=body, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
            for _ in range(40):
                client.get("/v1/trending").raise_for_status()
        assert process.stop() == 0
    with EmbeddedRedis(tmp_path) as server, connect(server.url) as redis:
        days = Served(redis, Keys("recommender")).by_day("trending", now=time.time(), days=2)
    assert sum(day.boxes for day in days) == 40
