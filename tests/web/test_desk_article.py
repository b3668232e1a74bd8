"""The page of an article: what readers get, who comes next, why, and where the article appears."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from jobs.progress import progress_bars
from jobs.train import train
from recommender.service import Service
from recommender.trending.charts import Question
from recommender.view import View
from tests.conftest import Publish
from tests.newsroom import article, by_the_river

EDITOR = ("editor", "an-editor-of-the-tests")


@pytest.fixture(autouse=True)
def trained(service: Service, publish: Publish) -> None:
    publish(*(by_the_river(number, title=f"Flood {number} <b>") for number in range(12)))
    train(service, progress_bars())


def test_where_an_article_appears_is_the_inverse_of_the_lists(service: Service) -> None:
    """Every list read in the direction of its items, with the same ranks."""
    version = service.lists.current
    assert version
    growth = service.shelf.growth(version)
    lists = {f"a{n}": list(growth.list_of(f"a{n}")) for n in range(12)}
    assert any(lists.values())
    for wanted in lists:
        expected = {one: listed.index(wanted) + 1 for one, listed in lists.items() if wanted in listed}
        assert growth.listed_in(wanted) == expected


def test_the_article_is_given_as_readers_get_it(service: Service, client: FlaskClient) -> None:
    """The list is the public one; who comes next is not in it, nor the article itself."""
    answer = client.get("/v1/desk/article?article_id=a1", auth=EDITOR).get_json()
    shown = [item["id"] for item in answer["related"]]
    assert shown == [item.id for item in service.boxes.related("a1").items]
    assert not {near["card"]["id"] for near in answer["below"]} & {*shown, "a1"}
    assert client.get("/v1/desk/article?article_id=nobody", auth=EDITOR).status_code == 404


@pytest.mark.parametrize("one", ["a0", "a1", "a2"])
def test_who_comes_next_is_told_with_its_final_score(client: FlaskClient, one: str) -> None:
    """Of the list first, then the best of the rest, each with the score and reason of its explanation."""
    below = client.get(f"/v1/desk/article?article_id={one}", auth=EDITOR).get_json()["below"]
    assert below
    for listed in (True, False):
        scores = [near["score"] for near in below if near["listed"] == listed]
        assert scores == sorted(scores, reverse=True)
    assert [near["listed"] for near in below] == sorted((near["listed"] for near in below), reverse=True)
    for near in below:
        why = client.get(f"/v1/explain?article_id={one}&other_id={near['card']['id']}", auth=EDITOR).get_json()
        assert (near["score"], near["reason"]) == (why["score"], why["reason"])


def test_any_other_article_is_found_and_explained_beside_it(client: FlaskClient) -> None:
    """What is found leads to the explanation of the pair, with the other's title, on the same page."""
    text = client.get("/desk/article/find?q=flood+3&beside=a1", auth=EDITOR).text
    assert 'hx-get="/desk/article/why?article_id=a1&amp;other_id=a3"' in text
    why = client.get("/desk/article/why?article_id=a1&other_id=a3", auth=EDITOR, headers={"HX-Target": "other"}).text
    assert "Flood 3 &lt;b&gt;" in why


@pytest.mark.parametrize(
    "path", ["/desk/article?article_id=a1&other_id=a2", "/desk/article/why?article_id=a1&other_id=a2"]
)
def test_the_page_explains_with_bars_and_writes_titles_as_text(client: FlaskClient, path: str) -> None:
    text = client.get(path, auth=EDITOR).text
    assert "Shared words" in text
    assert "<rect" in text
    assert "<b>" not in text


def test_an_article_is_found_while_its_title_is_typed(client: FlaskClient) -> None:
    """Also by id and by URL; what is no word of any title finds nothing and breaks nothing."""

    def found(text: str) -> list[str]:
        answer = client.get("/v1/desk/articles", query_string={"q": text}, auth=EDITOR)
        return [card["id"] for card in answer.get_json()["articles"]]

    assert found("a3") == ["a3"]
    assert found("https://n.example/3") == ["a3"]
    assert found("flood 1") == ["a1", "a10", "a11"]
    assert len(found("flo")) == 12
    assert found('"*) OR (') == found("nothing") == found("") == []
    assert "Flood 3" in client.get("/desk/article/find?q=flood+3", auth=EDITOR).text


def test_what_cannot_be_explained_yet_is_said_on_the_page(client: FlaskClient, publish: Publish) -> None:
    """An article that came after the model leaves the page as it is, with a line that says so."""
    publish(article("new"))
    for path in ("/desk/article", "/desk/article/why"):
        shown = client.get(f"{path}?article_id=a1&other_id=new", auth=EDITOR)
        assert shown.status_code == 200
        assert "new came after version" in shown.text


def test_views_over_time_are_told_organic_and_boxed_apart(service: Service, client: FlaskClient) -> None:
    """From the first view on, by five minutes, hours and days; and when the article was in Trending."""
    now = time.time()
    for ago_h, source in ((30, None), (2, "trending"), (2, None), (0, None)):
        view = View(article_id="a1", source=source)
        assert service.counters.count(view, now=now - ago_h * 3600) == "counted"
    service.charts.read(Question(), now=now)
    for by, seconds in (("5min", 300), ("hour", 3600), ("day", 86_400)):
        told = client.get(f"/v1/desk/article/views?article_id=a1&by={by}", auth=EDITOR).get_json()
        assert (sum(told["organic"]), sum(told["boxed"]), told["seconds"]) == (3, 1, seconds)
        assert told["organic"][-1] >= 1
        since = datetime.fromisoformat(told["since"]).timestamp()
        assert since <= now - 30 * 3600 < since + seconds or by == "day"
        assert len(told["organic"]) == len(told["boxed"]) == int((now - since) // seconds) + 1
        (spell,) = told["in_trending"]
        assert spell["since"] == datetime.fromtimestamp(now // 3600 * 3600, UTC).isoformat().replace("+00:00", "Z")
    assert "4 views since" in client.get("/desk/article?article_id=a1", auth=EDITOR).text
    assert "In Trending 1 time " in client.get("/desk/article/views?article_id=a1&by=day", auth=EDITOR).text
    assert client.get("/v1/desk/article/views?article_id=a1&by=week", auth=EDITOR).status_code == 400


def test_the_preview_shows_both_boxes_as_the_site_gets_them(client: FlaskClient) -> None:
    """The articles of one answer for both, in the elements of the fragments, where nothing runs."""
    shown = client.get("/desk/article/boxes?article_id=a1", auth=EDITOR)
    answer = client.get("/v1/widgets?article_id=a1").get_json()
    fragments = [client.get(f"/embed/{box}?article_id=a1").text for box in ("related", "trending")]
    ids = re.findall('data-id="(.*?)"', shown.text)
    assert ids == [item["id"] for box in ("related", "trending") for item in answer[box]["items"]]
    assert set(re.findall('class="(.*?)"', shown.text)) == set(re.findall('class="(.*?)"', "".join(fragments)))
    policy = shown.headers["Content-Security-Policy"]
    assert "sandbox allow-popups;" in policy
    assert "frame-ancestors 'self'" in policy
    assert "script-src" not in policy
    assert client.get("/desk/article/boxes?article_id=a1").status_code == 303
