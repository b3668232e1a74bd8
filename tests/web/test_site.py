"""The news site: its pages for the sample's articles and for any newsroom's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from selectolax.lexbor import LexborHTMLParser, LexborNode

from tests.newsroom import article

Publish = Callable[..., None]

NOW = datetime.now(UTC)
ODD_IDS = ['a/b//c "quoted" & 100%?#ü', "/starts/with/a/slash", "i" * 128, "<b>", "ends/", "السد"]


def page(client: FlaskClient, address: str, status: int = 200) -> LexborHTMLParser:
    """Return a page, parsed."""
    response = client.get(address)
    assert response.status_code == status
    return LexborHTMLParser(response.text)


def one(tree: LexborHTMLParser, selector: str) -> LexborNode:
    """Return the only element that a selector finds."""
    (found,) = tree.css(selector)
    return found


@pytest.fixture
def newsroom(publish: Publish) -> None:
    publish(
        *(
            article(f"{section}-{number}", section=section, published_at=NOW - timedelta(hours=number, minutes=place))
            for place, section in enumerate(("World", "Climate", "Sport"))
            for number in range(1, 8)
        )
    )


@pytest.mark.usefixtures("newsroom")
def test_the_front_page_leads_with_the_newest_and_shows_every_section(client: FlaskClient) -> None:
    """The newest article of all leads; every section has a column; no article stands twice outside Trending."""
    front = page(client, "/")
    assert one(front, ".lead .headline").text() == "Title of World-1"
    assert [label.text().strip() for label in front.css(".column .label")] == ["Climate", "Sport", "World"]
    links = [link.attributes["href"] for link in front.css(".top a, .columns .headline a")]
    assert len(links) == len(set(links))
    assert len(front.css("[data-box=trending] li")) == 8


def test_a_front_page_without_articles_says_so(client: FlaskClient) -> None:
    """Before the first import there is a page all the same."""
    assert "No article has arrived yet" in page(client, "/").text()


def test_articles_without_a_section_have_a_front_page_too(client: FlaskClient, publish: Publish) -> None:
    """A newsroom that names no sections sees its newest articles."""
    publish(*(article(f"a{number}") for number in range(9)))
    assert len(page(client, "/").css(".top .headline, .columns .headline")) == 6


@pytest.mark.usefixtures("newsroom")
def test_a_section_has_a_page_and_an_unknown_one_does_not(client: FlaskClient) -> None:
    """A section's page lists its articles, newest first, however its name is written."""
    headlines = [headline.text() for headline in page(client, "/section/sport").css(".listing .headline")]
    assert headlines == [f"Title of Sport-{number}" for number in range(1, 8)]
    assert page(client, "/section/Gardening", 404).css(".trending li")


@pytest.mark.usefixtures("newsroom")
def test_an_article_page_has_its_parts_and_both_boxes(client: FlaskClient, publish: Publish) -> None:
    """Section, headline, picture, standfirst, byline, body, six related and five trending, none of them itself."""
    publish(
        article(
            "story",
            title="Dyke & <dam> break",
            section="Climate",
            summary="<p>A river &amp; its dyke</p>",
            body="<p>It broke.</p>",
            authors="Lars Winterbourne|Ruth Castellan",
            published_at="2025-11-03T04:10:00Z",
            image_url="https://news.example/dyke.jpg",
            language="en",
        )
    )
    shown = page(client, "/articles/story")
    assert one(shown, "h1").text() == "Dyke & <dam> break"
    assert one(shown, "article.story .kicker").text().strip() == "Climate"
    assert one(shown, ".story-picture img").attributes["src"] == "https://news.example/dyke.jpg"
    assert one(shown, ".standfirst").text() == "A river & its dyke"
    assert [author.text() for author in shown.css(".authors span")] == ["Lars Winterbourne", "Ruth Castellan"]
    assert one(shown, ".byline time").text() == "Monday 3 November 2025, 04:10 UTC"
    assert one(shown, ".prose").text().strip() == "It broke."
    boxes = [one(shown, f"[data-box={box}]") for box in ("related", "trending")]
    links = [[link.attributes["href"] for link in box.css("a[data-position]")] for box in boxes]
    assert [len(some) for some in links] == [6, 5]
    assert len({*links[0], *links[1], "/articles/story"}) == 12
    assert all(box.attributes["data-request-id"] for box in boxes)


@pytest.mark.usefixtures("newsroom")
@pytest.mark.parametrize("article_id", ODD_IDS)
def test_any_id_has_a_page_that_others_link_to(
    app: Flask, client: FlaskClient, publish: Publish, article_id: str
) -> None:
    """Slashes, quotes, per cent signs, any script, 128 characters: the page opens, and names the id for the beacon."""
    publish(article(article_id, section="Odd", title="The odd one", published_at=NOW))
    with app.test_request_context():
        address = url_for("site.article", article_id=article_id)
    assert one(page(client, address), "script[data-article-id]").attributes["data-article-id"] == article_id
    linked = one(page(client, "/section/odd"), ".listing .headline a").attributes["href"]
    assert linked is not None
    assert one(page(client, linked), "h1").text() == "The odd one"


def test_bare_articles_leave_no_gaps(client: FlaskClient, publish: Publish) -> None:
    """What an article does not have is not on its page: no empty picture, standfirst, section or byline."""
    publish(article("bare"), article("other"))
    shown = page(client, "/articles/bare")
    assert not shown.css(".story :is(figure, .standfirst, .byline, .kicker, figcaption)")
    assert not shown.css(".related img, .related time[datetime]")


def test_bodies_are_made_safe(client: FlaskClient, publish: Publish) -> None:
    """Of HTML only plain text structure stays; links lead out by http, relative ones to the newsroom's own site."""
    publish(
        article(
            "story",
            url="https://news.example/2025/story",
            body="<p onclick='x()' style='color:red'>Text<script>alert(1)</script><img src=x onerror=x()></p>"
            "<a href='javascript:x()'>one</a><a href='/about'>two</a><a href='http://a.example/'>three</a>"
            "<iframe src='//a.example'></iframe><h2 id=content>Head</h2>",
        )
    )
    prose = one(page(client, "/articles/story"), ".prose")
    assert [link.attributes.get("href") for link in prose.css("a")] == [
        None,
        "https://news.example/about",
        "http://a.example/",
    ]
    assert {node.tag for node in prose.css("*")} == {"div", "p", "a", "h2"}
    assert all(set(node.attributes) <= {"href", "rel"} for node in prose.css("p, a, h2"))
    assert "alert" not in prose.text()


def test_plain_text_becomes_paragraphs(client: FlaskClient, publish: Publish) -> None:
    """Text is split at blank lines, and shown as it was written."""
    publish(article("story", body="One & <3.\n\nTwo\nlines.\n \n\n  Three."))
    paragraphs = one(page(client, "/articles/story"), ".prose").css("p")
    assert [" ".join(paragraph.text().split()) for paragraph in paragraphs] == ["One & <3.", "Two lines.", "Three."]


@pytest.mark.parametrize(
    ("language", "direction"),
    [("ar", "rtl"), ("he-IL", "rtl"), ("pa-Arab-PK", "rtl"), ("de", "ltr"), ("az-Latn", "ltr")],
)
def test_an_article_is_set_in_the_direction_of_its_language(
    client: FlaskClient, publish: Publish, language: str, direction: str
) -> None:
    """The article element has its language and direction; the page around it stays English."""
    publish(article("story", language=language))
    shown = page(client, "/articles/story")
    story = one(shown, "article.story")
    assert (story.attributes["lang"], story.attributes["dir"]) == (language, direction)
    assert one(shown, "html").attributes["lang"] == "en"


@pytest.mark.usefixtures("newsroom")
@pytest.mark.parametrize("article_id", ["never-here", "gone", "a" * 500])
def test_a_missing_article_is_a_404_page_with_both_boxes(
    client: FlaskClient, publish: Publish, article_id: str
) -> None:
    """Unknown or withdrawn: not found, with something to read, and nothing for the beacon to report."""
    publish(article("gone", title="Withdrawn words", withdrawn=True))
    missing = page(client, f"/articles/{article_id}", 404)
    assert len(missing.css("[data-box=related] li")) == 6
    assert len(missing.css("[data-box=trending] li")) == 5
    assert not missing.css("[data-article-id]")
    assert "Withdrawn words" not in missing.text()


@pytest.mark.usefixtures("newsroom")
@pytest.mark.parametrize("address", ["/", "/section/World", "/articles/World-1", "/articles/never-here", "/docs"])
def test_pages_keep_to_their_content_policy(client: FlaskClient, address: str) -> None:
    """No inline script or style, and every script, style and icon comes from this site and is there."""
    shown = LexborHTMLParser(client.get(address).text)
    assert not shown.css("style, [style], script:not([src])")
    assert not [name for node in shown.css("*") for name in node.attributes if name.startswith("on")]
    parts = [node.attributes.get("src") or node.attributes.get("href") for node in shown.css("script, link")]
    local = [part for part in parts if part and not part.startswith("https://news.example/")]
    assert len(local) >= 3
    for part in local:
        assert not urlsplit(part).netloc
        with client.get(part) as response:  # static files stay open until the response is closed
            assert response.status_code == 200


@pytest.mark.usefixtures("newsroom")
def test_the_documentation_shows_every_operation(client: FlaskClient) -> None:
    """Each operation of the OpenAPI document has its place on the page for people, with an example."""
    paths = client.get("/openapi.json").get_json()["paths"]
    operations = [operation["operationId"] for path in paths.values() for operation in path.values()]
    shown = page(client, "/docs")
    assert sorted(str(place.attributes["id"]) for place in shown.css("article.operation")) == sorted(operations)
    assert all("curl" in code.text() for code in shown.css(".operation pre"))
    assert len(shown.css(".operation pre")) == len(operations)
