"""The boxes: filled in order, never empty, nothing twice, gone at once, and there while Redis is not."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recommender.answers import Item
from recommender.article import Article
from recommender.intake import reconcile, withdraw
from recommender.redis.connection import connect
from recommender.redis.embedded import EmbeddedRedis
from recommender.related.packing import pack
from recommender.service import Service, open_service
from recommender.settings import Settings
from recommender.view import View
from tests.newsroom import article

Publish = Callable[..., None]
NOW = datetime.now(UTC)


def newsroom() -> list[Article]:
    """Twelve articles in two sections, w0 and s0 the newest, and one of no section."""
    return [
        article(f"{section[0].lower()}{number}", section=section, published_at=NOW - timedelta(hours=number + half))
        for section, half in (("World", 0), ("Sport", 0.5))
        for number in range(6)
    ] + [article("undated")]


def publish_lists(service: Service, lists: dict[str, dict[str, float]]) -> str:
    with service.lists.publishing(lock_s=10, keep=3, now=datetime.now(UTC)) as publication:
        publication.write((one, pack(scores)) for one, scores in lists.items())
        publication.publish({"lists": len(lists)})
    return publication.version


def read(service: Service, article_id: str, times: int, *, now: float | None = None) -> None:
    for _ in range(times):
        assert service.counters.count(View(article_id=article_id), now=now or time.time()) == "counted"


def sources(items: Sequence[Item]) -> list[tuple[str, str]]:
    assert [item.position for item in items] == list(range(1, len(items) + 1))
    return [(item.id, item.source) for item in items]


def test_related_is_filled_in_the_order_of_the_contract(service: Service, publish: Publish) -> None:
    """Neighbours come first, then what trends in the section, then its newest, then the newest of all."""
    publish(*newsroom())
    version = publish_lists(service, {"w0": {"s5": 0.9, "w4": 0.8}})
    read(service, "w5", 3)
    read(service, "w4", 2)
    answer = service.boxes.related("w0", limit=9)
    assert sources(answer.items) == [
        ("s5", "related"),
        ("w4", "related"),
        ("w5", "trending"),
        ("w1", "section"),
        ("w2", "section"),
        ("w3", "section"),
        ("s0", "latest"),
        ("s1", "latest"),
        ("s2", "latest"),
    ]
    assert (answer.model, answer.known, answer.stale) == (version, True, False)
    assert [item.score for item in answer.items][:2] == [0.9, 0.8]


def test_a_list_is_short_only_when_the_catalogue_is(service: Service, publish: Publish) -> None:
    """Asked for fifty, a box holds every other article there is, once, undated ones too."""
    publish(*newsroom())
    everything = {one.id for one in newsroom()}
    assert {item.id for item in service.boxes.related("w0", limit=50).items} == everything - {"w0"}
    assert {item.id for item in service.boxes.trending(limit=50).items} == everything
    assert len(service.boxes.trending(limit=50).items) == len(everything)


def test_a_long_catalogue_fills_any_list(service: Service, publish: Publish) -> None:
    """However many of the newest are excluded, the list is filled from the ones behind."""
    publish(*(article(f"n{number:03}", published_at=NOW - timedelta(minutes=number)) for number in range(200)))
    excluded = [f"n{number:03}" for number in range(140)]
    items = service.boxes.trending(limit=50, exclude=excluded).items
    assert [item.id for item in items] == [f"n{number:03}" for number in range(140, 190)]


def test_an_unknown_article_gets_filled_lists(service: Service, publish: Publish) -> None:
    """A page published a second ago shows no empty box."""
    publish(*newsroom())
    read(service, "s3", 1)
    answer = service.boxes.widgets("just-published", related=3, trending=2)
    assert not answer.known
    assert [len(answer.related.items), len(answer.trending.items)] == [3, 2]
    assert sources(answer.trending.items)[0] == ("s3", "trending")


def test_no_article_is_in_both_boxes_and_neither_box_robs_the_other(service: Service, publish: Publish) -> None:
    """An article that is related and trending is in Related; filling Related leaves what trends to Trending."""
    publish(*newsroom())
    publish_lists(service, {"w0": {"w1": 0.9}})
    for article_id, times in (("w1", 9), ("w2", 8), ("s1", 7), ("w0", 6)):
        read(service, article_id, times)
    answer = service.boxes.widgets("w0", related=3, trending=2)
    assert sources(answer.related.items)[0] == ("w1", "related")
    assert sources(answer.trending.items) == [("w2", "trending"), ("s1", "trending")]
    both = [item.id for item in answer.related.items + answer.trending.items]
    assert len(set(both)) == len(both) == 5
    assert "w0" not in both


def test_a_section_and_exclusions_are_kept_to(service: Service, publish: Publish) -> None:
    """Neighbours and trending come from the section asked for, in whatever case it is written; exclusions hold."""
    publish(*newsroom())
    publish_lists(service, {"w0": {"s1": 0.9, "w1": 0.8, "s2": 0.7}})
    read(service, "w2", 5)
    read(service, "s3", 1)
    related = service.boxes.related("w0", limit=3, section=" SPORT ", exclude=["s2"])
    assert sources(related.items) == [("s1", "related"), ("s3", "trending"), ("s0", "section")]
    trending = service.boxes.trending(limit=2, section="sport", exclude=["s0"])
    assert sources(trending.items) == [("s3", "trending"), ("s1", "section")]
    assert trending.section == "sport"


def test_most_viewed_counts_and_trending_prefers_the_new(service: Service, publish: Publish) -> None:
    """Of articles read alike, the newer trends; most viewed asks only for the number."""
    publish(article("old", published_at=NOW - timedelta(days=3)), article("new", published_at=NOW))
    read(service, "old", 5)
    read(service, "new", 4)
    viewed = service.boxes.trending(limit=2, rank="most_viewed")
    assert [(item.id, item.score) for item in viewed.items] == [("old", 5), ("new", 4)]
    assert viewed.window == "24h"
    assert [item.id for item in service.boxes.trending(limit=2).items] == ["new", "old"]


def test_windows_look_back_as_far_as_they_say(service: Service, publish: Publish) -> None:
    """A view three hours ago is in the six-hour window and not in the one-hour window."""
    publish(*newsroom())
    read(service, "w3", 1, now=time.time() - 3 * 3600)
    assert service.boxes.trending(limit=1, rank="most_viewed", window="6h").items[0].source == "trending"
    assert service.boxes.trending(limit=1, rank="most_viewed", window="1h").items[0].source != "trending"


def test_sensitive_articles_never_trend_and_stay_in_their_section(service: Service, publish: Publish) -> None:
    """A sensitive article is in no Trending box, and beside articles of its own section only."""
    grave = article("grave", section="World", sensitive=True, published_at=NOW)
    publish(*newsroom(), grave)
    publish_lists(service, {"w0": {"grave": 0.9}, "s0": {"grave": 0.9}, "undated": {"grave": 0.9}})
    read(service, "grave", 9)
    assert "grave" not in {item.id for item in service.boxes.trending(limit=50).items}
    assert service.boxes.related("w0", limit=1).items[0].id == "grave"
    for elsewhere in ("s0", "undated", "unknown"):
        assert "grave" not in {item.id for item in service.boxes.related(elsewhere, limit=50).items}
    answer = service.boxes.widgets("w0", related=1, trending=5)
    assert "grave" not in {item.id for item in answer.trending.items}


def test_a_withdrawn_article_is_gone_at_once_and_stays_gone(service: Service, publish: Publish) -> None:
    """Withdrawn: out of every list with the next answer, after a rollback, and after Redis was filled again."""
    publish(*newsroom())
    first = publish_lists(service, {"w0": {"s5": 0.9}})
    publish_lists(service, {"w0": {"s5": 0.9}})
    read(service, "s5", 9)
    assert service.boxes.related("w0").items[0].id == "s5"
    withdraw("s5", service.archive, service.catalogue)

    def listed() -> set[str]:
        boxes = service.boxes
        trending = [boxes.trending(limit=50).items, boxes.trending(limit=50, section="sport").items]
        return {item.id for items in [boxes.related("w0", limit=50).items, *trending] for item in items}

    assert "s5" not in listed()
    service.lists.roll_back(first)
    assert "s5" not in listed()
    reconcile(service.archive, service.catalogue)
    assert "s5" not in listed()


def test_a_changed_headline_shows_at_once(service: Service, publish: Publish) -> None:
    """Lists hold ids; titles, addresses and sections are those of this moment."""
    publish(*newsroom())
    publish_lists(service, {"w0": {"s5": 0.9}})
    read(service, "s5", 1)
    publish(article("s5", title="Corrected", url="https://news.example/new", section="World", published_at=NOW))
    item = service.boxes.related("w0").items[0]
    assert (item.title, item.url, item.section) == ("Corrected", "https://news.example/new", "World")
    assert "s5" not in {item.id for item in service.boxes.trending(limit=4, section="sport").items}
    assert {item.id for item in service.boxes.front(9)["Sport"]} == {f"s{number}" for number in range(5)}


def test_reconciling_fills_a_redis_that_lost_everything(service: Service, publish: Publish) -> None:
    """An emptied Redis is filled from the archive; until then answers come from disk and say they are stale."""
    publish(*newsroom())
    withdraw("w5", service.archive, service.catalogue)
    service.redis.flushall()
    answer = service.boxes.widgets("w0")
    assert answer.stale
    assert len(answer.related.items) == 6
    assert reconcile(service.archive, service.catalogue) == len(newsroom()) - 1
    assert not service.boxes.widgets("w0").stale
    assert reconcile(service.archive, service.catalogue) == 0


# Redis away. These tests have a server of their own.


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path / "own") as server:
        yield server


@pytest.fixture
def fragile(settings: Settings, own_redis: EmbeddedRedis) -> Iterator[Service]:
    with open_service(settings, own_redis.url, timeout_s=0.1) as opened:
        yield opened


@contextmanager
def stopped(server: EmbeddedRedis) -> Iterator[None]:
    """Have the server take connections and never answer."""
    with connect(server.url) as client:
        pid = int(client.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def open_newsroom(service: Service) -> None:
    service.archive.put(newsroom())
    reconcile(service.archive, service.intake)
    publish_lists(service, {"w0": {"s5": 0.9, "w4": 0.8}})
    read(service, "s2", 2)


def test_a_paused_redis_leaves_the_last_good_lists(fragile: Service, own_redis: EmbeddedRedis) -> None:
    """While Redis hangs, answers are the last good ones and stale; withdrawn articles are gone from them too."""
    open_newsroom(fragile)
    good = fragile.boxes.widgets("w0")
    with stopped(own_redis):
        answer = fragile.boxes.widgets("w0")
        assert answer.stale
        assert sources(answer.related.items) == sources(good.related.items)
        assert sources(answer.trending.items) == sources(good.trending.items)
        assert answer.model == good.model
        assert answer.generated_at <= datetime.now(UTC)
        fragile.archive.withdraw("s5")
        assert "s5" not in {item.id for item in fragile.boxes.widgets("w0").related.items}
        unseen = fragile.boxes.related("w3", limit=4)
        assert unseen.known
        assert len(unseen.items) == 4


def test_answers_are_fresh_again_when_redis_is_back(fragile: Service, own_redis: EmbeddedRedis) -> None:
    """After the pause the next answer comes from Redis, without a restart."""
    open_newsroom(fragile)
    with stopped(own_redis):
        assert fragile.boxes.trending().stale
    deadline = time.monotonic() + 2
    while fragile.boxes.trending().stale:
        assert time.monotonic() < deadline


def test_redis_down_from_the_start_gives_what_is_on_disk(settings: Settings, tmp_path: Path) -> None:
    """A process that never saw Redis fills its boxes from the archive."""
    with open_service(settings, f"unix://{tmp_path}/nowhere.sock", timeout_s=0.1) as service:
        service.archive.put(newsroom())
        answer = service.boxes.widgets("w0")
        assert answer.stale
        assert answer.known
        assert [item.source for item in answer.related.items] == ["section"] * 5 + ["latest"]
        assert len(answer.trending.items) == 5
        assert list(service.boxes.front()) == ["Sport", "World"]


def test_a_full_redis_still_answers(fragile: Service) -> None:
    """When memory is full, writes are refused and reads go on, fresh."""
    open_newsroom(fragile)
    fragile.redis.config_set("maxmemory", 1)
    answer = fragile.boxes.widgets("w0")
    assert not answer.stale
    assert answer.related.items[0].id == "s5"
    assert answer.trending.items[0].id == "s2"
