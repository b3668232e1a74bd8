"""Simulated readers: they read, look at boxes and click, by the doors that real ones come through."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from flask import Flask

from recommender.article import Article
from recommender.clicks.clicks import Tally
from recommender.sample.doors import Web
from recommender.sample.readers import Readers
from recommender.service import Service
from tests.conftest import Publish
from tests.experiments.trying import request
from tests.newsroom import article


@pytest.fixture
def articles(publish: Publish) -> list[Article]:
    now = datetime.now(UTC)
    some = [article(f"a{age:02}", section="World", published_at=now - timedelta(hours=age + 1)) for age in range(20)]
    publish(*some)
    return some


def tallies(service: Service) -> list[Tally]:
    return service.clicks.tallies(now=time.time(), days=2)


def test_the_day_before_is_read_and_clicked(service: Service, articles: list[Article]) -> None:
    """Every view is counted; of the boxes shown some are clicked, first places more than last ones."""
    views = Readers(articles).read_past(service, now=time.time())  # a whole day, so that no hour of it decides
    assert sum(service.counters.outcomes().values()) == views > 100
    found = tallies(service)
    shown, clicked = (
        [
            sum(getattr(one, kind) for one in found if one.box == "related" and one.position == place)
            for place in range(7)
        ]
        for kind in ("impressions", "clicks")
    )
    assert min(shown) == max(shown) == pytest.approx(0.7 * views, rel=0.2)
    assert 0 < clicked[0] < 0.5 * shown[0]
    assert clicked[1] > clicked[6]


def test_they_come_in_over_http(app: Flask, service: Service, articles: list[Article]) -> None:
    """Boxes are fetched, told of and clicked, and nobody takes the readers for bots."""
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://site.example") as client:
        readers = Readers(articles)
        for _ in range(60):
            readers.visit(Web(client))
    assert service.counters.outcomes()["counted"] >= 60
    assert sum(one.impressions for one in tallies(service) if one.position == 0) > 40
    assert sum(one.clicks for one in tallies(service)) > 0


def test_they_keep_to_their_variants(app: Flask, service: Service, articles: list[Article]) -> None:
    """While an experiment runs, both variants are shown about as often."""
    service.experiments.start(request(), by="anna")
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://site.example") as client:
        readers = Readers(articles)
        for _ in range(60):
            readers.visit(Web(client))
    (one,) = service.reports.all(now=datetime.now(UTC))
    shown = [variant.impressions for variant in one.report.boxes[0].variants]
    assert min(shown) > 8
    related = [tally for tally in tallies(service) if (tally.box, tally.position) == ("related", 0)]
    assert sum(shown) == sum(tally.impressions for tally in related)
