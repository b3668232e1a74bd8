"""A real portal's views, replayed."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from pathlib import Path

import httpx
from redis import Redis

from recommender.card import Card
from recommender.catalogue import Catalogue
from recommender.redis.keys import Keys
from recommender.trending.bots import is_bot
from recommender.trending.counters import Counters
from recommender.view import View
from tests.newsroom import article
from tests.running import running
from tests.shared import shared_file
from tests.trending.recount import PAUSE_S, Recount, assert_boards_agree

Row = dict[str, str]

SECTIONS = ["World", "Sport", "Culture"]


def first_rows(number: int) -> list[Row]:
    """Return the first views of the portal's log, in the order of time."""
    with gzip.open(shared_file("views/portal-2016.csv.gz"), "rt", encoding="utf-8") as file:
        rows = [row for row, _ in zip(csv.DictReader(file), range(number), strict=False)]
    return sorted(rows, key=lambda row: int(row["timestamp"]))


def test_ten_thousand_views_of_a_portal_agree_with_a_recount(redis: Redis, keys: Keys) -> None:
    """The first 10,000 views, by the clock of the log: every board is what a plain recount says."""
    rows = first_rows(10_000)
    ids = sorted({row["article_id"] for row in rows})
    sections = {article_id: SECTIONS[place % 3] for place, article_id in enumerate(ids)}
    Catalogue(redis, keys).put(Card.of(article(one, section=sections[one])) for one in ids)
    counters = Counters(redis, keys, visitor_pause_s=PAUSE_S, event_memory_s=100, board_size=10_000)
    recount = Recount({article_id: section.casefold() for article_id, section in sections.items()})
    for row in rows:
        now, reason = float(row["timestamp"]), "bot" if is_bot(row["user_agent"]) else ""
        view = View(article_id=row["article_id"], visitor_id=row["visitor_id"])
        assert counters.count(view, now=now, reason=reason) == recount.count(view, now, reason)
    assert recount.outcomes["repeat"] > 500  # the log has what is to be filtered
    assert_boards_agree(counters, recount, now)
    assert_boards_agree(counters, recount, now + 7200)


def test_two_thousand_views_over_http_agree_with_a_recount(tmp_path: Path) -> None:
    """Posted to a running service as a site's beacons are, each reader of an article counts once, and no bot does."""
    rows = first_rows(2_000)
    with (
        running("serve", tmp_path) as service,
        httpx.Client(base_url=service.address, trust_env=False, timeout=10) as client,
    ):
        token = json.loads((tmp_path / "secrets.json").read_text())["api_token"]
        articles = [
            {"id": one, "title": one, "url": "https://news.example/a"} for one in {row["article_id"] for row in rows}
        ]
        pushed = client.post("/v1/articles", json=articles, headers={"Authorization": f"Bearer {token}"})
        assert pushed.status_code == 200
        for row in rows:
            body = json.dumps({"article_id": row["article_id"], "visitor_id": row["visitor_id"]})
            response = client.post(
                "/v1/views", content=body, headers={"User-Agent": row["user_agent"] or "Mozilla/5.0"}
            )
            assert response.status_code == 202
        readers = {(row["article_id"], row["visitor_id"]) for row in rows if not is_bot(row["user_agent"])}
        expected = Counter(article_id for article_id, _ in readers)
        items = client.get("/v1/trending?rank=most_viewed&window=1h&limit=50").json()["items"]
        assert {item["id"]: item["score"] for item in items} == {item["id"]: expected[item["id"]] for item in items}
        assert [item["score"] for item in items] == sorted(expected.values(), reverse=True)[:50]
