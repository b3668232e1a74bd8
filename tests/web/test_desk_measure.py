"""The page Measure: figures of what was served and counted, the same in plots, tables and JSON."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from jobs.progress import progress_bars
from jobs.train import train
from recommender.answers import Item, Source
from recommender.card import Card
from recommender.service import Service
from tests.conftest import Publish
from tests.newsroom import article, by_the_river

EDITOR = ("editor", "an-editor-of-the-tests")
DAY_S = 86_400


@pytest.fixture
def served(service: Service) -> None:
    """Three Related boxes today, one of them filled up, one whole yesterday, and one whole Trending box today."""

    def items(*sources: Source) -> list[Item]:
        published_at = datetime.now(UTC) - timedelta(hours=2, days=1)
        card = Card.of(article("a", published_at=published_at))
        return [Item.of(card, position=1, score=0, source=source) for source in sources]

    now = time.time()
    for _ in range(2):
        service.served.count("related", items("pinned", "related"), now=now)
    service.served.count("related", items("related", "latest"), now=now)
    service.served.count("related", items("related"), now=now - DAY_S)
    service.served.count("trending", items("trending"), now=now)
    service.served.flush()


def ask(client: FlaskClient, days: int = 7) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/v1/desk/measure?days={days}", auth=EDITOR).get_json()
    return answer


def plots(page: str) -> dict[str, Any]:
    return {
        unescape(label): json.loads(unescape(data))
        for label, data in re.findall(r"aria-label=\"([^\"]*)\" data='([^']*)'", page)
    }


@pytest.mark.usefixtures("served")
def test_boxes_are_told_by_source_age_and_day(client: FlaskClient) -> None:
    related, trending = ask(client)["boxes"]
    assert (related["boxes"], related["filled"]) == (4, 1)
    assert related["sources"] == {"related": 4, "pinned": 2, "latest": 1}
    assert related["ages"]["3 d"] == 6
    assert [day["boxes"] for day in related["days"]] == [0, 0, 0, 0, 0, 1, 3]
    assert (trending["boxes"], trending["filled"]) == (1, 0)
    assert [box["boxes"] for box in ask(client, days=1)["boxes"]] == [3, 1]


@pytest.mark.usefixtures("served")
def test_plots_and_tables_have_the_same_figures(client: FlaskClient, service: Service) -> None:
    service.counters.note("bot", now=time.time(), views=7000)
    service.counters.note("prefetch", now=time.time() - DAY_S, views=300)
    page = client.get("/desk/measure", auth=EDITOR).text
    drawn = plots(page)
    by_source = drawn["Share of items of related by source and day; the tables below have the same figures"]
    assert {one["label"]: one["values"][-1] for one in by_source["series"]} == {
        "related": 50,
        "pinned": 33.33,
        "latest": 16.67,
    }
    filtered = drawn["Views that did not count, by reason and day; the table below has the same figures"]
    assert {one["label"]: one["values"][-2:] for one in filtered["series"]} == {"bot": [0, 7000], "prefetch": [300, 0]}
    table = re.sub(r"<[^>]+>|\s+", " ", page)
    assert re.search(r"25\.0 % +of 4 boxes served had to be filled up", table)
    assert re.search(r"7,000, by a program", table)


def test_coverage_is_told_by_section_or_why_there_is_none(
    client: FlaskClient, service: Service, publish: Publish
) -> None:
    assert ask(client)["note"] == "no model is published yet"
    publish(*(by_the_river(number, section="World <b>" if number % 2 else None) for number in range(12)))
    train(service, progress_bars())
    answer = ask(client)
    assert {one["section"]: one["articles"] for one in answer["coverage"]} == {"World <b>": 6, None: 6}
    assert "World &lt;b&gt;" in client.get("/desk/measure", auth=EDITOR).text


def test_a_service_that_served_nothing_has_a_page(client: FlaskClient) -> None:
    assert "None was served in these days" in client.get("/desk/measure?days=1", auth=EDITOR).text
    assert client.get("/desk/measure?days=0", auth=EDITOR).status_code == 400
