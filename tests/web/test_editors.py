"""What editors ask over HTTP."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from jobs.progress import progress_bars
from jobs.train import train
from recommender.desk.correction import CorrectionRequest
from recommender.service import Service
from tests.conftest import Publish
from tests.newsroom import article

EDITOR = ("editor", "an-editor-of-the-tests")
PATH = "/v1/explain?article_id=a&other_id=b"


@pytest.fixture
def trained(service: Service, publish: Publish) -> None:
    bodies = {"a": "river flood dyke", "b": "river flood boat", "c": "dyke boat"}
    publish(*(article(article_id, body=body) for article_id, body in bodies.items()))
    train(service, progress_bars())


@pytest.mark.usefixtures("trained")
def test_editors_are_told_why(client: FlaskClient) -> None:
    """Terms that add up to the cosine, factors that lead to the score, the place, and no cache keeps it."""
    response = client.get(PATH, auth=EDITOR)
    assert response.status_code == 200
    answer = response.get_json()
    assert sum(term["weight"] for term in answer["terms"]) == pytest.approx(answer["cosine"], abs=1e-6)
    assert {"river", "flood"} <= {term["term"] for term in answer["terms"]}
    assert answer["adjustments"][-1]["score"] == answer["score"]
    assert answer["listed"]
    assert answer["reason"] == f"number {answer['rank']} of the list"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("auth", [None, ("editor", "wrong"), ("someone", EDITOR[1]), ("", ""), ("editor", "Ünicode")])
def test_nobody_else_is(client: FlaskClient, auth: tuple[str, str] | None) -> None:
    """Without the right name and password there is nothing but the way to sign in."""
    response = client.get(PATH, auth=auth)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize(
    ("query", "status"), [("article_id=a&other_id=nobody", 404), ("article_id=a", 400), ("other_id=a&article_id=", 400)]
)
def test_wrong_questions_have_clear_answers(client: FlaskClient, query: str, status: int) -> None:
    assert client.get(f"/v1/explain?{query}", auth=EDITOR).status_code == status


def test_before_the_first_model_there_is_nothing_to_explain(client: FlaskClient) -> None:
    """The answer says what to do."""
    response = client.get(PATH, auth=EDITOR)
    assert response.status_code == 404
    assert "train" in response.get_json()["error"]["message"]


@pytest.mark.usefixtures("trained")
def test_a_ban_is_the_reason_while_it_holds(client: FlaskClient, service: Service) -> None:
    """Not listed, by whom and why; undone, the place is there again."""
    asked = {"kind": "ban", "article_id": "b", "box": "related", "beside": "a", "reason": "the lawyers ask for it"}
    ban = service.corrections.add(CorrectionRequest.model_validate(asked), by="anna")
    answer = client.get(PATH, auth=EDITOR).get_json()
    assert (answer["listed"], answer["rank"]) == (False, None)
    assert answer["reason"] == "not listed: banned by anna: the lawyers ask for it"
    assert client.get("/v1/explain?article_id=b&other_id=a", auth=EDITOR).get_json()["listed"]
    service.corrections.undo(ban.id, by="anna")
    assert client.get(PATH, auth=EDITOR).get_json()["listed"]
