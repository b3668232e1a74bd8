"""Caches: what they may keep, how they ask again, and what tells answers apart."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from recommender.service import Service
from recommender.settings import Settings
from recommender.web import create_app
from recommender.web.caching import list_policy
from tests.newsroom import article

Publish = Callable[..., None]

NOW = datetime.now(UTC)
LISTS = ["/v1/related?article_id=a1", "/v1/trending", "/v1/widgets?article_id=a1&window=1h&rank=most_viewed"]


@pytest.fixture(autouse=True)
def newsroom(publish: Publish) -> None:
    publish(*(article(f"a{number}", published_at=NOW - timedelta(hours=number)) for number in range(20)))


@pytest.mark.parametrize("path", LISTS)
def test_the_same_list_is_304_whenever_it_was_made(client: FlaskClient, path: str) -> None:
    """A list that says the same is not sent again, though request id, moment and milliseconds differ."""
    first, second = client.get(path), client.get(path)
    assert first.data != second.data
    assert first.headers["ETag"] == second.headers["ETag"]
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]


@pytest.mark.parametrize("path", LISTS)
def test_a_changed_headline_and_a_withdrawal_change_the_tag(client: FlaskClient, publish: Publish, path: str) -> None:
    """What has changed is sent, at once."""
    tags = [client.get(path).headers["ETag"]]
    publish(article("a2", title="Corrected", published_at=NOW - timedelta(hours=2)))
    corrected = client.get(path, headers={"If-None-Match": tags[-1]})
    assert "Corrected" in corrected.text
    tags.append(corrected.headers["ETag"])
    publish(article("a2", withdrawn=True))
    assert "Corrected" not in client.get(path, headers={"If-None-Match": ", ".join(tags)}).text
    assert len({*tags, client.get(path).headers["ETag"]}) == 3


def test_views_that_leave_the_order_leave_the_tag(client: FlaskClient, service: Service) -> None:
    """Scores rise and decay all the time; only the order is news."""
    tags = set()
    for visitor in ("one", "two", "three"):
        client.post("/v1/views", json={"article_id": "a5", "visitor_id": visitor})
        answer = client.get("/v1/trending?rank=most_viewed")
        tags.add((answer.headers["ETag"], answer.get_json()["items"][0]["id"]))
    assert service.counters.outcomes() == {"counted": 3}
    assert len(tags) == 1


def test_errors_are_not_kept(client: FlaskClient) -> None:
    """A refusal has neither tag nor lifetime."""
    refused = client.get("/v1/related")
    assert refused.status_code == 400
    assert not {"ETag", "Cache-Control"} & set(refused.headers.keys())


def test_each_lifetime_is_a_setting() -> None:
    """Without one for shared caches there is no s-maxage, which would forbid them what is stale."""
    assert "s-maxage" not in list_policy(Settings())
    settings = Settings(cache_s=0, cache_shared_s=5, cache_revalidate_s=10, cache_error_s=60)
    assert list_policy(settings) == "public, max-age=0, s-maxage=5, stale-while-revalidate=10, stale-if-error=60"


def test_configured_origins_are_named_and_tell_answers_apart(service: Service, settings: Settings) -> None:
    """With a list of origins each of them is allowed by name, others are not, and caches are told what it hangs on."""
    object.__setattr__(
        service, "settings", settings.model_copy(update={"cors_origins": ("https://a.example", "https://b.example")})
    )
    client = create_app(service).test_client()
    for origin, allowed in [("https://a.example", "https://a.example"), ("https://evil.example", None)]:
        response = client.get("/v1/trending", headers={"Origin": origin})
        assert response.headers.get("Access-Control-Allow-Origin") == allowed
        assert "Origin" in response.headers["Vary"]


@pytest.mark.parametrize(
    "path", [*LISTS, "/embed/trending", "/feeds/trending.rss", "/feeds/trending.json", "/widgets.js"]
)
def test_public_answers_are_packed_for_those_who_take_it(client: FlaskClient, path: str) -> None:
    """Under gzip the same content and the same tag, and caches are told that both exist."""
    plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["ETag"] == packed.headers["ETag"]
    assert len(gzip.decompress(packed.data)) == pytest.approx(len(plain.data), abs=20)
    again = client.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, again.headers["Vary"]) == (304, "Accept-Encoding")


def test_pages_that_may_hold_secrets_are_not_packed(client: FlaskClient) -> None:
    """What a visitor can write into a packed page tells him the secrets beside it, by their length."""
    assert "Content-Encoding" not in client.get("/", headers={"Accept-Encoding": "gzip"}).headers
