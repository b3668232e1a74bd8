"""Clicks on the desk, over the API and on the command line: the same figures."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from recommender.cli import main
from recommender.clicks.impression import Impression
from recommender.clicks.receipt import Receipt
from recommender.redis.embedded import EmbeddedRedis
from recommender.service import Service
from recommender.view import View

AUTH = ("editor", "an-editor-of-the-tests")


@pytest.fixture
def told(service: Service) -> None:
    """Forty readers were shown both boxes; every tenth clicked the second related item."""
    clicks, now = service.clicks, time.time()
    receipt = clicks.receipts.write(Receipt(now, {"related": ("pinned", "related"), "trending": ("trending",)}, "t_b"))
    for number in range(40):
        who = f"v{number}"
        for box in ("related", "trending"):
            clicks.show(Impression(request_id=receipt, box=box, visitor_id=who), now=now, visitor="")
        if number % 10 == 0:
            view = View(article_id="a", visitor_id=who, source="related", request_id=receipt, position=2)
            clicks.follow(view, "counted", now=now, visitor="")


def rates(told: list[dict[str, Any]], by: str) -> dict[Any, tuple[int, int]]:
    return {one[by]: (one["impressions"], one["clicks"]) for one in told}


@pytest.mark.usefixtures("told")
def test_the_api_gives_rates_with_intervals(client: FlaskClient) -> None:
    """Of both boxes, or of one."""
    answer = client.get("/v1/desk/clicks", auth=AUTH).get_json()
    related, trending = answer["boxes"]
    assert rates(related["positions"], "position") == {1: (40, 0), 2: (40, 4)}
    assert rates(related["sources"], "source") == {"pinned": (40, 0), "related": (40, 4)}
    assert rates(related["variants"], "variant") == {"t_b": (40, 4)}
    assert rates(related["days"], "day")[answer["until"]] == (40, 4)
    assert len(related["days"]) == 7
    assert related["total"]["ctr"] == 0.1
    assert 0.02 < related["total"]["low"] < 0.1 < related["total"]["high"] < 0.3
    assert trending["total"]["clicks"] == 0
    one = client.get("/v1/desk/clicks?days=1&box=trending", auth=AUTH).get_json()
    assert [box["box"] for box in one["boxes"]] == ["trending"]


@pytest.mark.parametrize("query", ["days=0", "days=367", "days=x", "box=other"])
def test_wrong_values_are_400(client: FlaskClient, query: str) -> None:
    """With what is wrong."""
    assert client.get(f"/v1/desk/clicks?{query}", auth=AUTH).status_code == 400


@pytest.mark.usefixtures("told")
def test_the_page_shows_a_table_beside_each_plot(client: FlaskClient) -> None:
    """The figures can be read without the drawing."""
    text = client.get("/desk/clicks", auth=AUTH).text
    assert "<strong>10.00 %</strong> of 40 boxes shown led to a click" in text
    for caption in ("Items of related by position", "Items of trending by where they came from", "by ranking variant"):
        assert caption in text
    assert text.count("<desk-plot") == 4


def test_a_page_without_figures_says_what_to_do(client: FlaskClient) -> None:
    """Rather than showing noughts."""
    text = client.get("/desk/clicks", auth=AUTH).text
    assert "/v1/impressions" in text
    assert "<table" not in text


@pytest.mark.usefixtures("told")
def test_the_command_reports_the_same(
    client: FlaskClient, service: Service, redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a table, and with --json as the API's answer."""
    monkeypatch.setenv("RECOMMENDER_REDIS_URL", redis_server.url)
    monkeypatch.setenv("RECOMMENDER_NAMESPACE", service.settings.namespace)
    command = ["report", "clicks", "--data-dir", str(service.settings.data_dir), "--days", "7"]
    answer = json.loads(CliRunner().invoke(main, [*command, "--json"]).stdout)
    assert answer == client.get("/v1/desk/clicks", auth=AUTH).get_json()
    table = CliRunner().invoke(main, [*command, "--box", "related"]).stdout
    assert "position 2" in table
    assert "10.00%" in table
    assert "trending" not in table
