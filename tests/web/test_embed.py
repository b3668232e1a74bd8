"""Boxes for other people's pages: the script, HTML fragments, feeds."""

from __future__ import annotations

import gzip
import json
import re
import runpy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import feedparser
import pytest
from flask.testing import FlaskClient
from selectolax.lexbor import LexborHTMLParser

from recommender.service import Service
from tests.experiments.trying import request
from tests.newsroom import article
from tests.web.test_site import one

Publish = Callable[..., None]

NOW = datetime.now(UTC)
RUDE = "</title><script>alert(1)</script> & \"'\uffff"


@pytest.fixture(autouse=True)
def newsroom(publish: Publish) -> None:
    publish(
        *(
            article(
                f"a{number}",
                section=("World", "Sport")[number % 2],
                published_at=NOW - timedelta(hours=number),
                url=f"https://news.example/a{number}?x=1&y=2",
                image_url=f"https://news.example/a{number}.jpg",
            )
            for number in range(1, 20)
        )
    )


def test_the_script_is_small_and_whole(client: FlaskClient) -> None:
    """Under 6 kB gzipped, with style sheet and labels in it, and kept by browsers for minutes."""
    response = client.get("/widgets.js")
    assert response.mimetype == "text/javascript"
    assert len(gzip.compress(response.data, 6)) < 6000
    assert not re.search("__[A-Z]+__", response.text)
    assert ".recommender-title" in response.text
    assert "max-age=300" in response.headers["Cache-Control"]
    again = client.get("/widgets.js", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    assert client.get("/widgets.css").mimetype == "text/css"


def test_the_script_is_written_from_its_sources() -> None:
    """widgets.min.js is what docs/write_widgets.py writes."""
    pytest.importorskip("minify", reason="needs tdewolff-minify")
    written = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "write_widgets.py"))
    assert written["FILE"].read_text(encoding="utf-8") == written["script"]()


def test_the_script_knows_the_running_experiment(client: FlaskClient, service: Service) -> None:
    """Its number and where each variant's part ends; small with five of them, and as before when it is over."""
    before = client.get("/widgets.js")
    shares = [("control", {}), *((f"variant-{number}", {"trending_listed": number}) for number in range(1, 5))]
    variants = [{"name": name, "share": 20, "settings": settings} for name, settings in shares]
    wanted = request(name="a-name-of-nearly-forty-characters-in-all", variants=variants)
    service.experiments.start(wanted, by="anna")
    during = client.get("/widgets.js", headers={"If-None-Match": before.headers["ETag"]})
    assert during.status_code == 200
    assert '["a-name-of-nearly-forty-characters-in-all_variant-4",1.0]' in during.text
    assert len(gzip.compress(during.data, 6)) < 6000
    assert "stale-while-revalidate=300" in during.headers["Cache-Control"]
    service.experiments.end(wanted.name, by="anna")
    assert client.get("/widgets.js").text == before.text


def test_the_script_puts_no_text_in_as_html(client: FlaskClient) -> None:
    """Nothing in it makes elements or code of text."""
    script = client.get("/widgets.js").text
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(|setTimeout\(\"", script)


def test_every_language_has_both_labels() -> None:
    """Each label is there, and short enough for a heading."""
    file = files("recommender.web").joinpath("static", "widgets", "labels.json")
    labels: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8"))
    assert len(labels) >= 20
    assert all(len(both) == 2 and all(3 <= len(label) + 1 <= 32 for label in both) for both in labels.values())


@pytest.mark.parametrize("box", ["related", "trending"])
def test_a_fragment_is_plain_links_under_a_heading(client: FlaskClient, box: str) -> None:
    """One section, a heading, an ordered list of links to the articles as they are published, for any page."""
    response = client.get(f"/embed/{box}?article_id=a1&limit=4&lang=de-CH&heading=3")
    assert (response.status_code, response.mimetype) == (200, "text/html")
    fragment = LexborHTMLParser(response.text)
    assert one(fragment, "section > h3").text() in {"Mehr zum Thema", "Meistgelesen"}
    links = fragment.css("section > ol > li > a")
    listed = client.get(f"/v1/{box}?article_id=a1&limit=4").get_json()["items"]
    assert [link.attributes["href"] for link in links] == [item["url"] for item in listed]
    assert [title.text() for title in fragment.css("a > .recommender-title")] == [item["title"] for item in listed]
    assert all(image.attributes["loading"] == "lazy" for image in fragment.css("img"))
    assert not fragment.css("script, style, [style], [onclick]")


def test_a_fragment_is_never_empty_and_is_cached_like_a_list(client: FlaskClient) -> None:
    """An article nobody knows has a filled box; asked again it is a 304."""
    path = "/embed/related?article_id=published-a-second-ago"
    response = client.get(path)
    assert response.text.count("<li") == 6
    assert response.headers["Cache-Control"] == client.get("/v1/trending").headers["Cache-Control"]
    assert client.get(path, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
    other = client.get(f"{path}&layout=list", headers={"If-None-Match": response.headers["ETag"]})
    assert (other.status_code, "<img" in other.text) == (200, False)


@pytest.mark.parametrize(
    "address",
    [
        "embed/related",
        "embed/related?article_id=a1&limit=0",
        "embed/related?article_id=a1&layout=spiral",
        "embed/trending?heading=7",
        "embed/trending?window=2h",
        "feeds/trending.rss?limit=51",
        "feeds/trending.json?rank=best",
    ],
)
def test_wrong_values_are_400_as_everywhere(client: FlaskClient, address: str) -> None:
    """A wrong value is refused in the one shape of errors."""
    response = client.get(f"/{address}")
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "bad_request")


def test_rss_is_read_by_feed_readers(client: FlaskClient) -> None:
    """A feed reader finds no fault, and every item with its link, id, section, date and picture."""
    response = client.get("/feeds/trending.rss?limit=3&section=Sport")
    feed: Any = feedparser.parse(response.data, response_headers={"content-type": response.headers["Content-Type"]})
    assert not feed.bozo
    assert feed.version == "rss20"
    assert feed.feed.title == "The Tarsholm Courier \N{EN DASH} Sport \N{EN DASH} Trending"
    listed = client.get("/v1/trending?limit=3&section=Sport").get_json()["items"]
    assert [(entry.id, entry.title, entry.link) for entry in feed.entries] == [
        (item["id"], item["title"], item["url"]) for item in listed
    ]
    assert feed.entries[0].tags[0].term == "Sport"
    assert feed.entries[0].media_content[0]["url"] == listed[0]["image_url"]
    published = parsedate_to_datetime(feed.entries[0].published)
    assert published == datetime.fromisoformat(listed[0]["published_at"]).replace(microsecond=0)


def test_json_feed_has_what_its_version_asks_for(client: FlaskClient) -> None:
    """Version, title, items; each item with id, content, address."""
    response = client.get("/feeds/trending.json?limit=3")
    assert response.mimetype == "application/feed+json"
    feed = response.get_json(force=True)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"].endswith("/feeds/trending.json?limit=3")
    assert len(feed["items"]) == 3
    assert all(
        {"id", "url", "title", "content_text", "date_published", "image", "tags"} == item.keys()
        for item in feed["items"]
    )


@pytest.mark.parametrize("path", ["feeds/trending.rss", "feeds/trending.json"])
def test_feeds_say_the_same_until_the_list_changes(client: FlaskClient, publish: Publish, path: str) -> None:
    """Feed readers ask often; they are sent what is new alone, in one spelling of any text."""
    first = client.get(f"/{path}")
    assert client.get(f"/{path}", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    publish(article("rude", title=RUDE, section=RUDE, published_at=NOW))
    second = client.get(f"/{path}", headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200
    if path.endswith("rss"):
        feed: Any = feedparser.parse(second.data)
        assert not feed.bozo
        titles = [entry.title for entry in feed.entries]
    else:
        titles = [item["title"] for item in second.get_json(force=True)["items"]]
    assert any("& \"'" in title for title in titles)


def test_a_box_without_a_single_picture_keeps_no_room_for_pictures(client: FlaskClient, publish: Publish) -> None:
    """Cards of a newsroom without pictures come without the column that pictures stand in."""
    assert ".jpg" in client.get("/embed/related?article_id=a1&section=World").text
    publish(*(article(f"plain{number}", section="Letters") for number in range(4)))
    bare = client.get("/embed/related?article_id=plain0&limit=3").text
    assert bare.count("<li") == 3
    assert "recommender-picture" not in bare


@pytest.mark.parametrize("address", ["/embed/trending", "/feeds/trending.json"])
def test_a_tag_of_its_own_has_a_list_wherever_trending_is_given(
    client: FlaskClient, publish: Publish, address: str
) -> None:
    """`tag` chooses as it does in `/v1/trending`."""
    publish(article("tagged", section="Letters", tags=["Lagoon"]))
    items = client.get("/v1/trending?tag=lagoon&limit=1").get_json()["items"]
    assert [item["id"] for item in items] == ["tagged"]
    given = client.get(f"{address}?tag=lagoon&limit=1").text
    assert "Title of tagged" in given
    assert "Title of a" not in given
