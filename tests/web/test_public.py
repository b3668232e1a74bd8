"""The public interface as the contract has it, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.service import Service
from tests.newsroom import article

Publish = Callable[..., None]

ENVELOPE = {"request_id", "generated_at", "stale", "model", "took_ms", "variant"}
ITEM = {"position", "id", "title", "url", "section", "image_url", "published_at", "score", "source"}


@pytest.fixture(autouse=True)
def newsroom(publish: Publish) -> None:
    publish(*(article(f"a{number}", section="World", published_at=datetime.now(UTC)) for number in range(20)))


def test_answers_have_the_fields_of_the_contract(client: FlaskClient) -> None:
    """Each endpoint answers with the envelope, its own fields, and items with theirs."""
    related = client.get("/v1/related?article_id=a1&limit=3").get_json()
    assert related.keys() == ENVELOPE | {"article_id", "known", "items"}
    assert len(related["items"]) == 3
    assert related["items"][0].keys() == ITEM
    assert datetime.fromisoformat(related["generated_at"]).tzinfo
    trending = client.get("/v1/trending").get_json()
    assert trending.keys() == ENVELOPE | {"window", "rank", "section", "tag", "evidence", "items"}
    assert (trending["window"], trending["rank"], len(trending["items"])) == ("auto", "trending", 10)
    widgets = client.get("/v1/widgets?article_id=a1").get_json()
    assert widgets.keys() == ENVELOPE | {"article_id", "known", "related", "trending"}
    assert [len(widgets[box]["items"]) for box in ("related", "trending")] == [6, 5]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "article_id=",
        "article_id=%20a",
        "article_id=a%00b",
        "article_id=a%0D%0Ab",
        "article_id=%ff",
        "article_id=" + "a" * 129,
        "article_id=a&limit=0",
        "article_id=a&limit=51",
        "article_id=a&limit=1_000",
        "article_id=a&limit=%2B5",
        "article_id=a&limit=-1",
        "article_id=a&limit=5.0",
        "article_id=a&limit=%D9%A3",
        "article_id=a&limit=",
        "article_id=a&limit=" + "9" * 5000,
        "article_id=a&section=" + "s" * 201,
        "article_id=a" + "&x=1" * 200,
        "article_id=a&exclude=" + "b," * 1001,
    ],
)
def test_wrong_values_are_400(client: FlaskClient, query: str) -> None:
    """A wrong value is refused with one message in the one shape of errors."""
    for path in ("related", "widgets"):
        response = client.get(f"/v1/{path}?{query.replace('limit', 'limit' if path == 'related' else 'related')}")
        assert response.status_code == 400
        assert response.get_json()["error"]["code"] == "bad_request"
        assert response.get_json()["error"]["message"]


@pytest.mark.parametrize("query", ["window=2h", "rank=best", "window=", "limit=x"])
def test_wrong_choices_are_400(client: FlaskClient, query: str) -> None:
    """A window or rank that does not exist is refused."""
    assert client.get(f"/v1/trending?{query}").status_code == 400


def test_unknown_parameters_are_ignored_and_exclude_repeats(client: FlaskClient) -> None:
    """What nobody knows is no error; exclude takes commas and repetition."""
    query = "limit=50&utm_source=x&exclude=a1,a2&exclude=a3&section="
    items = client.get(f"/v1/trending?{query}").get_json()["items"]
    assert {item["id"] for item in items} == {f"a{number}" for number in range(20)} - {"a1", "a2", "a3"}


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "text/plain;charset=UTF-8"])
def test_a_view_is_accepted_and_counts_once(client: FlaskClient, service: Service, content_type: str) -> None:
    """A beacon's view moves Trending; the same event again does not."""
    body = json.dumps({"article_id": "a7", "event_id": "e1", "source": "related", "position": 2, "extra": True})
    for _ in range(3):
        response = client.post("/v1/views", data=body, content_type=content_type)
        assert (response.status_code, response.get_json()) == (202, {"status": "accepted"})
    assert service.counters.outcomes() == {"counted": 1, "replayed": 2}
    top = client.get("/v1/trending?rank=most_viewed&window=1h&limit=1").get_json()["items"][0]
    assert (top["id"], top["score"], top["source"]) == ("a7", 1, "trending")


def test_bots_prefetches_repeats_and_unknown_articles_are_accepted_and_not_counted(
    client: FlaskClient, service: Service
) -> None:
    """From outside nobody can tell what was filtered; inside, each reason has its number."""

    def post(article_id: str, **headers: str) -> tuple[int, object]:
        body = json.dumps({"article_id": article_id})
        response = client.post("/v1/views", data=body, headers={key.replace("_", "-"): headers[key] for key in headers})
        return response.status_code, response.get_json()

    answers = [
        post("a1"),
        post("a1"),
        post("nowhere"),
        post("a2", User_Agent="Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
        post("a2", User_Agent="curl/8.5.0"),
        post("a2", Sec_Purpose="prefetch;prerender"),
        post("a2", Purpose="prefetch"),
        post("a2", X_Moz="prefetch"),
    ]
    assert answers == [(202, {"status": "accepted"})] * 8
    assert service.counters.outcomes() == {"counted": 1, "repeat": 1, "unknown": 1, "bot": 2, "prefetch": 3}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'{"article_id": 1e999}',
        b'{"article_id": "a1", "position": NaN}',
        b'{"article_id": "a1", "position": 0}',
        b'{"article_id": "a1", "position": "1"}',
        b'{"article_id": "a1", "event_id": ""}',
        b'{"article_id": "a1", "event_id": ["x"]}',
        b'{"article_id": "\\ud800"}',
        b'{"article_id": "\xff"}',
        b"[" * 4000,
    ],
)
def test_malformed_views_are_400(client: FlaskClient, service: Service, body: bytes) -> None:
    """What is no view is refused and counts nothing."""
    response = client.post("/v1/views", data=body)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "bad_request")
    assert service.counters.outcomes() == {"malformed": 1}


def test_a_view_over_4_kilobytes_is_413(client: FlaskClient) -> None:
    """A beacon is small; more is refused unread."""
    assert client.post("/v1/views", data=b'{"article_id": "a1"}'.ljust(4096)).status_code == 202
    response = client.post("/v1/views", data=b'{"article_id": "a2"}'.ljust(4097))
    assert (response.status_code, response.get_json()["error"]["code"]) == (413, "request_entity_too_large")


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["article_id", "event_id"]), inner),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_a_client_sends_makes_a_500(client: FlaskClient, body: bytes) -> None:
    """Whatever is posted as a view, or asked for in a query, the answer is below 500."""
    assert client.post("/v1/views", data=body).status_code < 500
    query = body.decode("latin-1")
    for path in ("related", "trending", "widgets"):
        assert client.get(f"/v1/{path}", query_string={"article_id": query, "section": query}).status_code < 500


def test_any_page_may_ask_and_no_cookie_is_set(client: FlaskClient) -> None:
    """Public answers are for every origin, cacheable for a moment, and set no cookie."""
    response = client.get("/v1/widgets?article_id=a1", headers={"Origin": "https://news.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cache-Control"] == "public, max-age=1, stale-while-revalidate=1, stale-if-error=3600"
    assert "Origin" not in response.headers.get("Vary", "")
    assert "Set-Cookie" not in response.headers
    preflight = client.options(
        "/v1/views",
        headers={
            "Origin": "https://news.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert preflight.status_code == 200
    assert "content-type" in preflight.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("POST", "/v1/related", 405, "method_not_allowed"),
        ("GET", "/v1/articles?article_id=a1", 401, "unauthorized"),
    ],
)
def test_errors_have_one_shape(client: FlaskClient, method: str, path: str, status: int, code: str) -> None:
    """Every error is a code and a message."""
    response = client.open(path, method=method)
    assert response.status_code == status
    assert response.get_json().keys() == {"error"}
    assert response.get_json()["error"].keys() == {"code", "message"}
    assert response.get_json()["error"]["code"] == code


def test_an_unexpected_error_tells_nothing(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    """A fault of ours is a 500 in the same shape, without a trace of the inside."""

    def fail() -> str:
        raise RuntimeError("the inside")

    app.add_url_rule("/v1/fault", view_func=fail)
    response = app.test_client().get("/v1/fault")
    assert (response.status_code, response.get_json()["error"]["code"]) == (500, "internal_server_error")
    assert "inside" not in response.get_data(as_text=True)
    assert "the inside" in capsys.readouterr().out + "the inside"
