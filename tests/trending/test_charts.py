"""Charts as they are served: by window, section and tag, with their evidence, and kept calm."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient
from redis import Redis

from recommender.answers import TrendingAnswer
from recommender.intake import withdraw
from recommender.redis.embedded import EmbeddedRedis
from recommender.redis.keys import Keys
from recommender.service import Service, open_service
from recommender.settings import Settings
from recommender.trending.charts import Question
from recommender.view import View
from tests.newsroom import article

Publish = Callable[..., None]
NOW = datetime.now(UTC)
HOUR_S = 3600.0


def read(service: Service, article_id: str, times: int, *, ago_s: float = 0) -> None:
    for _ in range(times):
        assert service.counters.count(View(article_id=article_id), now=time.time() - ago_s) == "counted"


def trending(answer: TrendingAnswer) -> list[str]:
    return [item.id for item in answer.items if item.source == "trending"]


@contextmanager
def decided(settings: Settings, server: EmbeddedRedis, **changes: object) -> Iterator[Service]:
    """Open a second service with other settings beside the first."""
    with open_service(settings.model_copy(update=changes), server.url) as service:
        yield service


def test_what_is_rising_is_not_what_is_most_viewed(service: Service, publish: Publish) -> None:
    """An article born five minutes ago rises past one that is always read more, which does not rise at all."""
    publish(article("always", published_at=NOW - timedelta(days=9)), article("born", published_at=NOW))
    for hour in range(24):
        read(service, "always", 20, ago_s=(24 - hour) * HOUR_S - 1)
    read(service, "born", 12)
    rising = service.boxes.trending(rank="rising", limit=2)
    assert rising.items[0].id == "born"
    assert rising.items[0].score > 2
    assert (rising.rank, rising.window) == ("rising", "auto")
    assert trending(service.boxes.trending(rank="most_viewed", window="24h", limit=2)) == ["always", "born"]


def test_too_few_views_are_no_rise(service: Service, publish: Publish) -> None:
    """Below the least number of views nothing is called rising; the list is filled with what trends."""
    publish(article("a"), article("b"))
    read(service, "a", 3)
    assert service.charts.read(Question(rank="rising"), now=time.time()).places == ()
    assert trending(service.boxes.trending(rank="rising", limit=1)) == ["a"]


def test_a_window_with_too_few_views_is_widened_and_says_so(service: Service, publish: Publish) -> None:
    """A quiet hour is ranked by the six hours, a quiet day by the week; what is most viewed is never widened."""
    publish(article("old", published_at=NOW), article("new", published_at=NOW))
    read(service, "old", 30, ago_s=2 * HOUR_S)
    read(service, "new", 5)
    quiet = service.boxes.trending(window="1h", limit=1)
    assert quiet.items[0].id == "old"
    assert quiet.window == "1h"
    assert quiet.evidence.model_dump() == {"window": "6h", "views": 35, "thin": True}
    exact = service.boxes.trending(window="1h", rank="most_viewed")
    assert [(item.id, item.score) for item in exact.items if item.source == "trending"] == [("new", 5)]
    assert exact.evidence.model_dump() == {"window": "1h", "views": 5, "thin": True}
    read(service, "new", 15)
    busy = service.boxes.trending(window="1h", limit=1)
    assert busy.items[0].id == "new"
    assert busy.evidence.model_dump() == {"window": "1h", "views": 20, "thin": False}


def test_nothing_read_at_all_is_thin_and_filled(service: Service, publish: Publish) -> None:
    """On a site that opens today the list is the newest, and the answer says that nothing stands behind it."""
    publish(article("a"))
    answer = service.boxes.trending()
    assert [item.source for item in answer.items] == ["latest"]
    assert answer.evidence.model_dump() == {"window": "7d", "views": 0, "thin": True}


def test_a_tag_has_a_list_of_its_own(service: Service, publish: Publish) -> None:
    """In whatever case it is written; filled by the newest with that tag; what loses it or is withdrawn is gone."""
    publish(
        article("t1", tags=["Nato", "Rates"], section="World", published_at=NOW - timedelta(hours=3)),
        article("t2", tags=["nato"], section="Sport", published_at=NOW - timedelta(hours=2)),
        article("t3", tags=["NATO"], section="World", published_at=NOW - timedelta(hours=1)),
        article("other", section="World", published_at=NOW),
    )
    read(service, "other", 30)
    read(service, "t1", 20)
    read(service, "t2", 10)
    answer = service.boxes.trending(tag=" nATO ", limit=4)
    assert [(item.id, item.source) for item in answer.items] == [
        ("t1", "trending"),
        ("t2", "trending"),
        ("t3", "latest"),
        ("other", "latest"),
    ]
    assert answer.tag == " nATO "
    assert answer.evidence.views == 30
    assert trending(service.boxes.trending(tag="nato", rank="most_viewed", section="world")) == ["t1"]
    assert trending(service.boxes.trending(tag="nato", rank="rising")) == ["t1", "t2"]
    assert trending(service.boxes.trending(tag="nobody's")) == []
    publish(article("t1", tags=["Rates"], section="World", published_at=NOW - timedelta(hours=3)))
    withdraw("t2", service.archive, service.catalogue)
    assert trending(service.boxes.trending(tag="nato")) == []
    assert trending(service.boxes.trending(tag="rates")) == ["t1"]


def test_an_article_may_be_too_old_to_trend(
    service: Service, publish: Publish, settings: Settings, redis_server: EmbeddedRedis
) -> None:
    """Beyond the age a site has set it neither trends nor rises; it may still be the most viewed."""
    publish(article("old", published_at=NOW - timedelta(days=8)), article("new", published_at=NOW), article("undated"))
    for one, times in (("old", 120), ("new", 10), ("undated", 9)):
        read(service, one, times)
    assert trending(service.boxes.trending())[0] == "old"
    with decided(settings, redis_server, trending_oldest_days=7) as strict:
        assert trending(strict.boxes.trending()) == ["new", "undated"]
        assert trending(strict.boxes.trending(rank="rising")) == ["new", "undated"]
        assert trending(strict.boxes.trending(rank="most_viewed"))[0] == "old"


def test_no_section_fills_the_list_alone(
    service: Service, publish: Publish, settings: Settings, redis_server: EmbeddedRedis
) -> None:
    """At most so many of one section, as long as others are read; never shorter for it, and its own list is whole."""
    publish(*(article(f"s{number}", section="Sport") for number in range(6)))
    publish(*(article(f"w{number}", section="World") for number in range(2)), article("none"))
    for number in range(6):
        read(service, f"s{number}", 20 - number)
    for one in ("w0", "w1", "none"):
        read(service, one, 2)
    with decided(settings, redis_server, trending_section_most=2) as varied:
        assert trending(varied.boxes.trending(limit=5))[:2] == ["s0", "s1"]
        assert set(trending(varied.boxes.trending(limit=5))) == {"s0", "s1", "w0", "w1", "none"}
        assert trending(varied.boxes.trending(limit=9))[5:] == ["s2", "s3", "s4", "s5"]
        assert trending(varied.boxes.trending(section="sport")) == [f"s{number}" for number in range(6)]
        assert trending(varied.boxes.trending(rank="most_viewed"))[:3] == ["s0", "s1", "s2"]
    assert trending(service.boxes.trending(limit=5)) == [f"s{number}" for number in range(5)]


def test_the_list_is_calm_and_the_desk_knows_since_when(
    service: Service, publish: Publish, settings: Settings, redis_server: EmbeddedRedis
) -> None:
    """A newcomer needs a margin, in every process alike; each place says what it is made of and since when."""
    publish(*(article(name, published_at=NOW) for name in "abc"))
    for name, times in (("a", 30), ("b", 20), ("c", 19)):
        read(service, name, times)
    with (
        decided(settings, redis_server, trending_listed=2, trending_stay_margin=0.2) as one,
        decided(settings, redis_server, trending_listed=2, trending_stay_margin=0.2) as other,
    ):
        assert trending(one.boxes.trending()) == ["a", "b", "c"]
        read(service, "c", 3)
        now = time.time()
        assert trending(other.boxes.trending()) == ["a", "b", "c"]
        place = other.charts.read(Question(), now=now).places[0]
        assert (place.article_id, place.views, set(place.parts)) == ("a", 30, {"views", "age"})
        assert place.since is not None
        assert abs(place.since - now) < 60
        read(service, "c", 5)
        assert trending(one.boxes.trending()) == ["a", "c", "b"]


def test_an_article_leaves_after_its_longest_stay(
    service: Service, publish: Publish, settings: Settings, redis_server: EmbeddedRedis
) -> None:
    """After the hours a site has set it makes room, however much it is read."""
    publish(article("a"), article("b"))
    read(service, "a", 30)
    with decided(settings, redis_server, trending_longest_stay_h=1) as brief:
        now = time.time()
        assert [place.article_id for place in brief.charts.read(Question(), now=now).places] == ["a"]
        read(service, "b", 20)
        assert brief.charts.read(Question(), now=now + HOUR_S / 2).places[0].article_id == "a"
        later = brief.charts.read(Question(), now=now + HOUR_S + 60).places
        assert [place.article_id for place in later] == ["b"]


def test_a_worker_takes_a_chart_as_it_is_for_a_moment_and_a_card_as_it_is_now(
    publish: Publish, settings: Settings, redis_server: EmbeddedRedis, redis: Redis, keys: Keys
) -> None:
    """Within the time set, the ranking is not made again; withdrawn articles and new headlines show at once."""
    with decided(settings, redis_server, trending_chart_ms=60_000) as calm:
        publish(article("a"), article("b"))
        read(calm, "a", 3)
        assert trending(calm.boxes.trending()) == ["a"]
        read(calm, "b", 9)
        redis.delete(keys.board("decayed", "24h"), keys.board("viewed", "7d"))
        publish(article("a", title="Corrected"))
        answer = calm.boxes.trending()
        assert trending(answer) == ["a"]
        assert answer.items[0].title == "Corrected"
        withdraw("a", calm.archive, calm.catalogue)
        assert trending(calm.boxes.trending()) == []


def test_a_tag_is_asked_for_in_the_address(client: FlaskClient, service: Service, publish: Publish) -> None:
    """`tag` and `rank=rising` are parameters of the public answer, and its evidence is a field of it."""
    publish(article("a", tags=["Rates"]), article("b"))
    read(service, "a", 20)
    answer = client.get("/v1/trending?tag=rates&rank=rising&window=6h").json
    assert answer
    assert (answer["tag"], answer["rank"], answer["window"]) == ("rates", "rising", "6h")
    assert answer["items"][0]["id"] == "a"
    assert answer["evidence"] == {"window": "6h", "views": 20, "thin": False}
    assert client.get("/v1/trending?rank=falling").status_code == 400


def test_the_hours_in_which_an_article_was_on_the_list_are_remembered(service: Service, publish: Publish) -> None:
    """As the list of the whole site was asked for, not those of a section or window; and no longer than thirty days."""
    publish(article("a", section="s"), article("b", section="s"))
    read(service, "a", 5)
    now, hour = time.time(), int(HOUR_S)
    this = int(now // hour) * hour
    service.charts.read(Question(section="s"), now=now)
    service.charts.read(Question(window="24h"), now=now)
    assert service.charts.hours_listed("a", now=now) == []
    for later in (0, 2 * hour):
        service.charts.read(Question(), now=now + later)
    assert service.charts.hours_listed("a", now=now + 2 * hour) == [this, this + 2 * hour]
    assert service.charts.hours_listed("b", now=now) == []
    assert service.charts.hours_listed("a", now=now + 32 * 24 * hour) == []
    assert all(0 < service.redis.ttl(key) <= 31 * 24 * hour for key in service.redis.keys("*trending:listed:*"))
