"""Articles over HTTP: in, out, withdrawn, and by nobody without the token."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from recommender.service import Service

Headers = dict[str, str]

VALID = {"id": "a", "title": "T", "url": "https://news.example/a", "section": "World"}


def test_one_article_or_a_list_is_stored(client: FlaskClient, newsroom_headers: Headers) -> None:
    """Counts say what became of each; sending the same again changes nothing."""
    nothing = {"new": 0, "changed": 0, "unchanged": 0, "withdrawn": 0, "rejected": 0, "errors": []}

    def post(body: object) -> object:
        return client.post("/v1/articles", json=body, headers=newsroom_headers).get_json()

    assert post(VALID) == nothing | {"new": 1}
    assert post([VALID, VALID | {"id": "b"}]) == nothing | {"new": 1, "unchanged": 1}
    assert post(VALID | {"title": "Corrected"}) == nothing | {"changed": 1}
    assert post(VALID | {"withdrawn": True}) == nothing | {"withdrawn": 1}
    assert post([]) == nothing


def test_bad_records_are_reported_and_the_others_taken(client: FlaskClient, newsroom_headers: Headers) -> None:
    """One wrong record costs the others nothing, and is named by place and id."""
    batch = [VALID, {"id": "bad"}, 7, VALID | {"id": "b", "url": "javascript:alert(1)"}, VALID | {"id": "c"}]
    response = client.post("/v1/articles", json=batch, headers=newsroom_headers)
    answer = response.get_json()
    assert (response.status_code, answer["new"], answer["rejected"]) == (200, 2, 3)
    assert [(error["index"], error["id"]) for error in answer["errors"]] == [(1, "bad"), (2, None), (3, "b")]
    assert "title: Field required" in answer["errors"][0]["message"]


def test_an_article_comes_back_as_it_was_stored(client: FlaskClient, newsroom_headers: Headers) -> None:
    """What was sent can be read again, by its id."""
    client.post("/v1/articles", json=VALID | {"body": "<p>Text</p>", "tags": ["x"]}, headers=newsroom_headers)
    stored = client.get("/v1/articles?article_id=a", headers=newsroom_headers).get_json()
    assert (stored["body"], stored["tags"], stored["withdrawn"]) == ("<p>Text</p>", ["x"], False)
    assert client.get("/v1/articles?article_id=b", headers=newsroom_headers).status_code == 404


def test_a_withdrawn_article_is_gone_with_the_next_answer(client: FlaskClient, newsroom_headers: Headers) -> None:
    """Withdrawing answers when it is done."""
    client.post("/v1/articles", json=[VALID, VALID | {"id": "b"}], headers=newsroom_headers)
    assert len(client.get("/v1/trending").get_json()["items"]) == 2
    response = client.delete("/v1/articles?article_id=a", headers=newsroom_headers)
    assert response.get_json() == {"status": "withdrawn", "article_id": "a"}
    assert [item["id"] for item in client.get("/v1/trending").get_json()["items"]] == ["b"]
    assert not client.get("/v1/related?article_id=a").get_json()["known"]
    assert client.delete("/v1/articles?article_id=unknown", headers=newsroom_headers).status_code == 404


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", "Basic YTpi", "Bearer \xe9"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_without_the_token_nothing_is_read_or_written(
    client: FlaskClient, service: Service, method: str, authorization: str | None
) -> None:
    """No token, or a wrong one, is 401 for reading and for writing."""
    headers = {} if authorization is None else {"Authorization": authorization}
    response = client.open("/v1/articles?article_id=a", method=method, json=VALID, headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert len(service.archive) == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 200_000, b'[{"id": NaN}]', b"\xff"])
def test_what_is_not_json_is_400(client: FlaskClient, newsroom_headers: Headers, body: bytes) -> None:
    """A broken body is one clear refusal."""
    response = client.post("/v1/articles", data=body, headers=newsroom_headers)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "bad_request")


def test_a_single_wrong_article_is_400(client: FlaskClient, newsroom_headers: Headers) -> None:
    """Where nothing was taken, nobody is told that all went well."""
    response = client.post("/v1/articles", json={"id": "a"}, headers=newsroom_headers)
    assert response.status_code == 400
    assert "url: Field required" in response.get_json()["error"]["message"]


def test_too_many_and_too_large_are_refused(client: FlaskClient, newsroom_headers: Headers, service: Service) -> None:
    """A thousand articles at once are taken, one more is not; nor is a body over the limit."""
    batch = [VALID | {"id": f"a{number}"} for number in range(1001)]
    assert client.post("/v1/articles", json=batch, headers=newsroom_headers).status_code == 400
    assert client.post("/v1/articles", json=batch[:1000], headers=newsroom_headers).get_json()["new"] == 1000
    large = json.dumps(VALID).ljust(service.settings.max_article_bytes + 1)
    assert client.post("/v1/articles", data=large, headers=newsroom_headers).status_code == 413
