"""Impressions and clicks over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from recommender.service import Service, open_service
from recommender.settings import Settings
from recommender.web import create_app
from tests.newsroom import article
from tests.web.test_operations import samples

Publish = Callable[..., None]


@pytest.fixture(autouse=True)
def newsroom(publish: Publish) -> None:
    publish(*(article(f"a{number}", section="World", published_at=datetime.now(UTC)) for number in range(20)))


def places(service: Service) -> dict[tuple[str, int, str], tuple[int, int]]:
    """Return impressions and clicks of today by box, place and source."""
    now = datetime.now(UTC).timestamp()
    return {
        (one.box, one.position, one.source): (one.impressions, one.clicks)
        for one in service.clicks.tallies(now=now, days=1)
    }


def show(client: FlaskClient, answer: dict[str, Any], box: str, **headers: str) -> int:
    body = json.dumps({"request_id": answer["request_id"], "box": box})
    return client.post("/v1/impressions", data=body, headers=headers).status_code


def follow(client: FlaskClient, answer: dict[str, Any], box: str, item: dict[str, Any], **headers: str) -> int:
    """View the article of an item, as the page behind it does."""
    view = {
        "article_id": item["id"],
        "source": box,
        "position": item["position"],
        "request_id": answer["request_id"],
    }
    return client.post("/v1/views", data=json.dumps(view), headers=headers).status_code


def test_what_was_shown_and_clicked_is_counted_by_box_place_and_source(client: FlaskClient, service: Service) -> None:
    """A page shows both boxes; the third related item is clicked."""
    answer = client.get("/v1/widgets?article_id=a1&related=3&trending=2").get_json()
    items = answer["related"]["items"]
    assert [show(client, answer, "related"), show(client, answer, "trending")] == [202, 202]
    assert follow(client, answer, "related", items[2]) == 202
    expected = {("related", 0, ""): (1, 1), ("trending", 0, ""): (1, 0)}
    expected |= {("related", item["position"], item["source"]): (1, int(item is items[2])) for item in items}
    expected |= {("trending", item["position"], item["source"]): (1, 0) for item in answer["trending"]["items"]}
    assert places(service) == expected


@pytest.mark.parametrize("path", ["/v1/related?article_id=a1&limit=4", "/v1/trending?limit=4"])
def test_every_answer_can_be_told_of(client: FlaskClient, service: Service, path: str) -> None:
    """Each box alone, too."""
    answer, box = client.get(path).get_json(), path[4:].partition("?")[0]
    show(client, answer, box)
    follow(client, answer, box, answer["items"][0])
    assert {place: places(service)[box, place, source] for _, place, source in places(service)} == {
        0: (1, 1),
        1: (1, 1),
        2: (1, 0),
        3: (1, 0),
        4: (1, 0),
    }


def test_fragments_carry_their_receipt(client: FlaskClient, service: Service) -> None:
    """HTML that was included by a server can be told of by its ``data-request-id``."""
    html = client.get("/embed/related?article_id=a1&limit=2").get_data(as_text=True)
    request_id = html.split('data-request-id="')[1].split('"')[0]
    assert show(client, {"request_id": request_id}, "related") == 202
    assert {place for _, place, _ in places(service)} == {0, 1, 2}


def test_bots_prefetches_and_strangers_are_accepted_and_not_counted(client: FlaskClient, service: Service) -> None:
    """Told apart in the metrics alone."""
    answer = client.get("/v1/related?article_id=a1").get_json()
    assert show(client, answer, "related", User_Agent="Googlebot/2.1 (+http://www.google.com/bot.html)") == 202
    assert show(client, answer, "related", Sec_Purpose="prefetch") == 202
    assert show(client, {"request_id": "0" * 32}, "related") == 202
    assert show(client, answer, "trending") == 202, "no such box in this answer"
    assert follow(client, answer, "related", answer["items"][0]) == 202, "nobody was shown the box"
    assert places(service) == {}
    metrics = samples(client)
    for name, box, outcome, number in (
        ("impressions", "related", "bot", 1),
        ("impressions", "related", "prefetch", 1),
        ("impressions", "related", "foreign", 1),
        ("impressions", "trending", "foreign", 1),
        ("clicks", "related", "unseen", 1),
    ):
        labels = (("box", box), ("outcome", outcome))
        assert metrics[f"recommender_{name}_total", labels] == number


def test_a_click_of_a_bot_is_none(client: FlaskClient, service: Service) -> None:
    """Although a reader at the same address was shown the box."""
    agent = "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"
    answer = client.get("/v1/related?article_id=a1").get_json()
    show(client, answer, "related")
    follow(client, answer, "related", answer["items"][0], User_Agent=agent)
    assert all(clicks == 0 for _, clicks in places(service).values())


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        '{"box": "related"}',
        '{"request_id": "x"}',
        '{"request_id": "x", "box": "other"}',
        '{"request_id": "", "box": "related"}',
        '{"request_id": 5, "box": "related"}',
        json.dumps({"request_id": "x" * 257, "box": "related"}),
    ],
)
def test_malformed_impressions_are_400(client: FlaskClient, body: str) -> None:
    """With one clear message."""
    response = client.post("/v1/impressions", data=body)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "bad_request")


def test_what_was_answered_without_redis_counts_nothing(
    settings: Settings, service: Service, client: FlaskClient, tmp_path: Path
) -> None:
    """There is no key to sign with: the answer is named, and that name is nobody's once Redis is back."""
    with open_service(settings, f"unix://{tmp_path}/nowhere.sock", timeout_s=0.1) as away:
        without = create_app(away).test_client()
        answer = without.get("/v1/related?article_id=a1").get_json()
        assert answer["stale"]
        agent = {"User-Agent": client.environ_base["HTTP_USER_AGENT"]}
        response = without.post("/v1/impressions", json={"request_id": "x.y", "box": "related"}, headers=agent)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert show(client, answer, "related") == 202
    assert places(service) == {}


def test_answers_that_say_the_same_keep_their_tag_though_receipts_differ(client: FlaskClient) -> None:
    """What a cache asks for is not changed by the receipt."""
    one, other = (client.get("/v1/related?article_id=a1") for _ in range(2))
    assert one.get_json()["request_id"] != other.get_json()["request_id"]
    assert one.headers["ETag"] == other.headers["ETag"]


def test_pages_of_any_origin_may_tell_of_impressions(client: FlaskClient) -> None:
    """As of views."""
    response = client.options(
        "/v1/impressions", headers={"Origin": "https://news.example", "Access-Control-Request-Method": "POST"}
    )
    assert response.headers["Access-Control-Allow-Origin"] == "*"
