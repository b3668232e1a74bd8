"""What Trending was."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from recommender.intake import withdraw
from recommender.service import Service
from recommender.trending.calendar import Period, bounds
from recommender.trending.tallies import Tally
from tests.newsroom import article

HOUR_S, DAY_S = 3600, 86_400
Site = tuple[FlaskClient, Service, float]


@pytest.fixture
def site(client: FlaskClient, service: Service, publish: Callable[..., None]) -> Site:
    """Return a site where `old` was read a day and a half ago, `sport` two hours ago, and `new` just now."""
    publish(
        article("old", section="World"),
        article("sport", section="Sport"),
        article("new", section="World"),
        article("grave", section="World", sensitive=True),
    )
    now = time.time()
    told = [
        Tally("old", now - 36 * HOUR_S, 9),
        Tally("grave", now - 36 * HOUR_S, 20),
        Tally("sport", now - 2 * HOUR_S, 5, 1),
        Tally("new", now, 3),
    ]
    service.counters.add(told, now=now)
    return client, service, now


def rfc3339(second: float) -> str:
    return quote(datetime.fromtimestamp(second, UTC).isoformat())


def ids(client: FlaskClient, query: str) -> list[str]:
    response = client.get(f"/v1/trending?{query}")
    assert response.status_code == 200, response.get_json()
    return [item["id"] for item in response.get_json()["items"]]


def test_the_list_of_a_moment_holds_what_was_read_before_it(site: Site) -> None:
    """Neither what came after, nor what may not be shown; of a section, what is of it."""
    client, service, now = site
    day_ago, hour_ago = rfc3339(now - DAY_S), rfc3339(now - HOUR_S)
    assert ids(client, f"at={day_ago}") == ["old"]
    assert ids(client, f"at={day_ago}&window=6h&rank=most_viewed") == []
    assert ids(client, f"at={day_ago}&window=7d&rank=most_viewed&section=world") == ["old"]
    assert ids(client, f"at={hour_ago}&section=sport") == ["sport"]
    assert ids(client, f"at={hour_ago}&rank=most_viewed&window=24h") == ["sport"]
    assert ids(client, f"at={hour_ago}&window=7d&rank=most_viewed") == ["old", "sport"]
    assert ids(client, f"at={hour_ago}&window=7d&rank=most_viewed&exclude=old&limit=1") == ["sport"]
    answer = client.get(f"/v1/trending?at={hour_ago}&rank=most_viewed&window=24h").get_json()
    assert (answer["window"], answer["rank"], answer["items"][0]["score"]) == ("24h", "most_viewed", 6)
    assert datetime.fromisoformat(answer["until"]).timestamp() == pytest.approx(now - HOUR_S, abs=1e-3)
    withdraw("sport", service.archive, service.intake)
    assert ids(client, f"at={hour_ago}&window=24h") == ["old"]


def test_a_moment_just_past_is_listed_as_now(site: Site) -> None:
    """The past ends where the present begins: same articles, same order, whatever the rank."""
    client, _, now = site
    for rank in ("trending", "most_viewed"):
        for window in ("1h", "6h", "24h", "7d"):
            query = f"window={window}&rank={rank}"
            present = client.get(f"/v1/trending?{query}").get_json()["items"]
            read = [item["id"] for item in present if item["source"] == "trending" and item["score"] > 1e-6]
            assert ids(client, f"{query}&at={rfc3339(now)}")[: len(read)] == read


@pytest.mark.parametrize("wrong", ["at=yesterday", "at=2999-01-01T00:00:00Z", "at=NaN", "period=month"])
def test_what_is_no_past_is_refused(client: FlaskClient, wrong: str) -> None:
    assert client.get(f"/v1/trending?{wrong}").status_code == 400


def test_the_most_viewed_of_today(site: Site) -> None:
    """A period of the calendar lists what was read in it; long before the first view nothing was."""
    client, _, now = site
    zone = ZoneInfo("UTC")
    for period in ("today", "yesterday", "week"):
        start, end = bounds(period, now, zone)
        read = [(9, "old", now - 36 * HOUR_S), (6, "sport", now - 2 * HOUR_S), (3, "new", now)]
        assert ids(client, f"period={period}") == [one for _, one, second in read if start <= second <= end]
    assert ids(client, "at=2020-01-01") == []


@pytest.mark.parametrize(
    ("period", "now", "expected"),
    [
        ("today", "2026-11-24T20:32:00+01:00", ("2026-11-24T00:00:00+01:00", "2026-11-24T20:32:00+01:00")),
        ("yesterday", "2026-11-24T20:32:00+01:00", ("2026-11-23T00:00:00+01:00", "2026-11-24T00:00:00+01:00")),
        ("week", "2026-11-24T20:32:00+01:00", ("2026-11-23T00:00:00+01:00", "2026-11-24T20:32:00+01:00")),
        ("week", "2026-11-22T23:30:00+00:00", ("2026-11-23T00:00:00+01:00", "2026-11-22T23:30:00+00:00")),
        ("yesterday", "2026-10-26T12:00:00+01:00", ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00")),
        ("today", "2026-03-29T12:00:00+02:00", ("2026-03-29T00:00:00+01:00", "2026-03-29T12:00:00+02:00")),
    ],
)
def test_days_begin_at_midnight_in_the_newsroom(period: Period, now: str, expected: tuple[str, str]) -> None:
    """Also where the clocks change, and a day has 23 or 25 hours."""
    moment = datetime.fromisoformat(now).timestamp()
    found = bounds(period, moment, ZoneInfo("Europe/Stockholm"))
    assert found == tuple(datetime.fromisoformat(text).timestamp() for text in expected)
