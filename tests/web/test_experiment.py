"""Variants over HTTP: named in address and answer, never mixed by a cache, and never an error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from recommender.service import Service
from tests.conftest import Publish
from tests.experiments.trying import request
from tests.newsroom import article

ANSWERS = ["/v1/related?article_id=a1", "/v1/trending?", "/v1/widgets?article_id=a1"]
FRAGMENTS = ["/embed/related?article_id=a1", "/embed/trending?", "/feeds/trending.json?"]


@pytest.fixture(autouse=True)
def newsroom(service: Service, publish: Publish) -> None:
    now = datetime.now(UTC)
    publish(*(article(f"a{number}", published_at=now - timedelta(hours=number)) for number in range(20)))
    service.experiments.start(request(), by="anna")


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_names_its_variant(client: FlaskClient, path: str) -> None:
    """As the address asked for it; null without, after the end, and for one that never was."""
    assert client.get(path).get_json()["variant"] is None
    assert client.get(f"{path}&variant=calm_viewed").get_json()["variant"] == "calm_viewed"
    for unknown in ("", "viewed", "gone_viewed", "%00", "a" * 200):
        answer = client.get(f"{path}&variant={unknown}")
        assert (answer.status_code, answer.get_json()["variant"]) == (200, None)


@pytest.mark.parametrize("path", ANSWERS + FRAGMENTS)
def test_caches_never_take_one_variant_for_another(client: FlaskClient, service: Service, path: str) -> None:
    """Each has its tag, even where the lists are the same; asked with the tag of another, the whole answer comes."""
    addresses = [path, f"{path}&variant=calm_control", f"{path}&variant=calm_viewed"]
    tags = [client.get(address).headers["ETag"] for address in addresses]
    assert len(set(tags)) == 3
    for address, other in zip(addresses, tags[1:] + tags[:1], strict=True):
        assert client.get(address, headers={"If-None-Match": other}).status_code == 200
    service.experiments.end("calm", by="anna")
    assert client.get(addresses[2], headers={"If-None-Match": tags[2]}).status_code == 200 or path in FRAGMENTS


def test_a_site_may_ask_who_gets_which(client: FlaskClient, service: Service) -> None:
    """The shares for those who work it out themselves, cacheable for all; a visitor's variant for nobody else."""
    answer = client.get("/v1/experiment")
    assert answer.get_json()["experiment"] == "calm"
    assert answer.get_json()["variants"] == [
        {"variant": "calm_control", "share": 50},
        {"variant": "calm_viewed", "share": 50},
    ]
    assert answer.get_json()["variant"] is None
    assert answer.headers["Cache-Control"].startswith("public")
    mine = client.get("/v1/experiment?visitor_id=reader-7")
    running = service.experiments.running()
    assert running
    assert mine.get_json()["variant"] == running.variant_of("reader-7")
    assert mine.headers["Cache-Control"].startswith("private")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    service.experiments.end("calm", by="anna")
    gone = client.get("/v1/experiment?visitor_id=reader-7").get_json()
    assert gone == {"experiment": None, "ends_at": None, "variants": [], "variant": None}
