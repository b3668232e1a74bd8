"""The page Now: the list as readers get it, with what is behind each place, and how the service is."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from jobs.progress import progress_bars
from jobs.train import train
from recommender.desk.correction import CorrectionRequest
from recommender.redis.embedded import EmbeddedRedis
from recommender.service import Service, open_service
from recommender.settings import Settings
from recommender.trending.tallies import Tally
from recommender.trending.windows import WINDOWS, WindowName
from recommender.web import create_app
from tests.conftest import Publish
from tests.newsroom import article, by_the_river

EDITOR = ("editor", "an-editor-of-the-tests")
NOW = datetime.now(UTC)


@pytest.fixture
def read(service: Service, publish: Publish) -> float:
    """Three articles, read one, two and three times as much, for two days; return the moment."""
    publish(*(article(one, title=f"The <i>{one}", section="Sport", published_at=NOW) for one in "abc"))
    now = time.time()
    service.counters.add(
        [
            Tally(one, now - 1000 * step, organic=weight, boxed=step % 2)
            for weight, one in enumerate("abc", start=1)
            for step in range(160)
        ],
        now=now,
    )
    return now


def ask(client: FlaskClient, **query: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/v1/desk/now", query_string=query, auth=EDITOR).get_json()
    return answer


def correct(service: Service, **fields: object) -> None:
    wanted = {"article_id": "a", "box": "trending", "reason": "a test"} | fields
    service.corrections.add(CorrectionRequest.model_validate(wanted), by="a test")


@pytest.mark.parametrize("window", ["1h", "6h", "24h", "7d"])
def test_views_of_a_line_are_those_of_its_board(
    client: FlaskClient, service: Service, read: float, window: WindowName
) -> None:
    """Organic ones and those from the box add up to the exact count of the window, in the order of the public list.

    Its first second counts, and the one before does not.
    """
    start = WINDOWS[window].start(read)
    service.counters.add([Tally("a", start, organic=5), Tally("b", start - 1, organic=9)], now=read)
    answer = ask(client, window=window, rank="most_viewed")
    public = service.boxes.trending(window=window, rank="most_viewed").items
    assert [line["item"]["id"] for line in answer["lines"]] == [item.id for item in public]
    assert [line["organic"] + line["boxed"] for line in answer["lines"]] == [int(item.score) for item in public]
    assert len({line["boxed"] for line in answer["lines"]}) == 1
    assert all(line["boxed"] for line in answer["lines"])


def test_hours_are_those_of_a_list_of_the_views(client: FlaskClient, read: float) -> None:
    """By hour for two days, and by whole spans of five minutes for the last hour against the one before."""
    answer = ask(client)
    lines, now = (
        {line["item"]["id"]: line for line in answer["lines"]},
        datetime.fromisoformat(answer["at"]).timestamp(),
    )
    views = [(read - 1000 * step, weight + step % 2) for weight in (3,) for step in range(160)]
    hour, span = int(now // 3600), now // 300 * 300
    expected = [sum(n for at, n in views if at // 3600 == number) for number in range(hour - 47, hour + 1)]
    assert lines["c"]["hourly"] == expected
    last, before = ((span - 3600 * back, span - 3600 * (back - 1)) for back in (1, 2))
    assert lines["c"]["last_hour"] == sum(n for at, n in views if last[0] <= at < last[1])
    assert lines["c"]["hour_before"] == sum(n for at, n in views if before[0] <= at < before[1])


@pytest.mark.usefixtures("read")
def test_a_place_is_explained_by_the_parts_of_its_score(client: FlaskClient) -> None:
    for line in ask(client)["lines"]:
        parts = line["parts"]
        assert line["item"]["score"] == pytest.approx(parts["views"] * parts["age"], rel=0.01)
        assert "views, counting half after 6 h" in line["reason"]
        assert line["since"]


@pytest.mark.usefixtures("read")
def test_corrections_show_on_the_list(client: FlaskClient, service: Service) -> None:
    """A pin and a boost are marked; who is banned or sensitive is named as kept out."""
    correct(service, kind="pin", position=1)
    correct(service, kind="boost", article_id="b", factor=3)
    correct(service, kind="ban", article_id="c")
    answer = ask(client)
    assert [(line["item"]["id"], line["item"]["source"]) for line in answer["lines"]] == [
        ("a", "pinned"),
        ("b", "trending"),
    ]
    assert answer["lines"][1]["boost"] == 3
    assert [(one["card"]["id"], one["reason"]) for one in answer["kept_out"]] == [("c", "banned")]
    page = client.get("/desk/", auth=EDITOR).text
    assert "Kept out" in page
    assert "pinned</span>" in page


def test_who_is_just_below_the_line_is_not_kept_out(client: FlaskClient, service: Service, publish: Publish) -> None:
    """A pin pushes the last one off the list; nothing keeps it out."""
    publish(*(article(f"a{number}", published_at=NOW) for number in range(25)))
    now = time.time()
    service.counters.add([Tally(f"a{number}", now, organic=50 - number) for number in range(25)], now=now)
    correct(service, kind="pin", article_id="a24", position=1)
    answer = ask(client)
    assert [line["item"]["id"] for line in answer["lines"]] == ["a24", *(f"a{number}" for number in range(19))]
    assert answer["kept_out"] == []


def test_a_full_section_is_told_as_the_reason(
    settings: Settings, redis_server: EmbeddedRedis, service: Service, publish: Publish
) -> None:
    """Where the site lets at most one of a section stand in Trending, before others."""
    publish(*(article(f"a{number}", section="Sport", published_at=NOW) for number in range(3)))
    publish(*(article(f"b{number}", published_at=NOW) for number in range(22)))
    now = time.time()
    ids = [*(f"a{number}" for number in range(3)), *(f"b{number}" for number in range(22))]
    service.counters.add([Tally(one, now, organic=50 - place) for place, one in enumerate(ids)], now=now)
    with open_service(settings.model_copy(update={"trending_section_most": 1}), redis_server.url) as capped:
        answer = ask(create_app(capped).test_client())
    assert answer["lines"][0]["item"]["id"] == "a0"
    assert [(one["card"]["id"], one["reason"]) for one in answer["kept_out"]] == [
        ("a1", "as many of its section as may, 1, stand there"),
        ("a2", "as many of its section as may, 1, stand there"),
    ]


@pytest.mark.usefixtures("read")
def test_what_was_filtered_today_is_told_by_reason(client: FlaskClient, service: Service) -> None:
    service.counters.note("bot", now=time.time(), views=7)
    service.counters.note("bot", now=time.time() - 2 * 86_400, views=100)
    assert ask(client)["filtered_today"] == {"bot": 7}


def test_the_state_of_the_service(client: FlaskClient, service: Service, publish: Publish) -> None:
    """Before the first night, and after it, when an article that came since waits for the lists."""
    before = ask(client)["state"]
    assert ask(client)["stories_note"] == "no model is published yet"
    assert (before["model"], before["last_night"], before["waiting"], before["stale_answers"]) == (None, None, 0, 0)
    publish(*map(by_the_river, range(12)))
    summary = train(service, progress_bars())
    publish(article("late"))
    after = ask(client)["state"]
    assert (after["model"], after["waiting"]) == (summary.version, 1)
    assert after["last_night"]["outcome"] == "published"
    assert 0 <= after["model_age_s"] < 60
    assert after["redis_bytes"] > 0


@pytest.mark.usefixtures("read")
def test_the_page_works_without_a_script_and_writes_titles_as_text(client: FlaskClient) -> None:
    """Its address carries the choice, and the part that moves asks for the same."""
    page = client.get("/desk/?window=6h&rank=most_viewed&section=Sport", auth=EDITOR).text
    assert '<option value="6h" selected>' in page
    assert "<option selected>Sport</option>" in page
    assert "/desk/now/live?window=6h&amp;rank=most_viewed&amp;section=Sport" in page
    assert "The &lt;i&gt;a" in page
    assert client.get("/desk/?window=2h", auth=EDITOR).status_code == 400


def test_an_empty_newsroom_has_a_page(client: FlaskClient) -> None:
    page = client.get("/desk/", auth=EDITOR)
    assert page.status_code == 200
    assert "There are no articles yet" in page.text


def test_a_redis_that_is_slow_does_not_close_the_desk(
    settings: Settings, redis_server: EmbeddedRedis, service: Service, publish: Publish
) -> None:
    """What a page of the site does not wait for, an editor does."""
    publish(article("a"))
    with open_service(settings, redis_server.url, timeout_s=0.05) as hurried:
        client = create_app(hurried, service).test_client()
        service.redis.client_pause(800)
        assert client.get("/v1/trending").get_json()["stale"] is True
        page = client.get("/desk/", auth=EDITOR)
        assert page.status_code == 200
        assert "Title of a" in page.text
