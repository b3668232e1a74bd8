"""Nothing that stands in an article runs on a page of ours, or on a page that shows our boxes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from recommender.article import parse_article
from recommender.errors import ArticleError
from tests.browser.host import hosting
from tests.browser.payloads import PAYLOADS
from tests.running import Running, running

pytestmark = pytest.mark.browser

SAMPLE = PAYLOADS[::9]
"""The articles whose own pages are opened in every run; all of them with the benchmarks."""


def armed(payload: str, number: int) -> dict[str, Any]:
    """Return an article that has the payload wherever it is let in."""
    in_address = "".join(mark for mark in payload if mark not in " \"'<>\\\u202e\u200b")
    return {
        "id": f"{number} {payload}"[:128].strip(),
        "title": payload,
        "summary": payload,
        "body": f"{payload} A plain sentence about the harbour and its ferries, number {number}.\n\n{payload}",
        "section": f"{payload}{number % 7}",
        "tags": [payload],
        "authors": [payload, payload],
        "url": f"https://news.example/{number}?{in_address}#{in_address}",
        "image_url": f"https://news.example/{number}.jpg?{in_address}",
        "language": "en",
        "published_at": f"2026-01-{number % 28 + 1:02}T10:00:00Z",
    }


ARTICLES = [armed(payload, number) for number, payload in enumerate(PAYLOADS)]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A newsroom of armed articles, trained and served."""
    directory: Path = tmp_path_factory.mktemp("armed")
    source = directory / "articles.jsonl"
    source.write_text("\n".join(map(json.dumps, ARTICLES)), encoding="utf-8")
    with running("up", directory / "data", "--articles", str(source)) as service:
        service.data_dir = directory / "data"  # type: ignore[attr-defined]
        yield service


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page without the net of the content policy; it fails the test when anything runs."""
    context = browser.new_context(bypass_csp=True)
    context.route(lambda url: "127.0.0.1" not in url, lambda route: route.abort())
    page, ran = context.new_page(), []
    page.on("dialog", lambda dialog: (ran.append(page.url), dialog.dismiss()))
    page.on("pageerror", lambda error: ran.append(f"{page.url}: {error}"))
    yield page
    context.close()
    assert ran == []


def test_there_are_more_than_three_hundred_and_each_is_taken() -> None:
    """The list is what it says, and every article of it is valid: what follows tests escaping, not refusal."""
    assert len(PAYLOADS) == len(set(PAYLOADS)) >= 300
    assert len({parse_article(article).id for article in ARTICLES}) == len(PAYLOADS)


@pytest.mark.parametrize("field", ["url", "image_url"])
def test_no_payload_is_an_address(field: str) -> None:
    """A link or picture that is no web address never comes in."""
    for payload in PAYLOADS:
        with pytest.raises(ArticleError):
            parse_article(ARTICLES[0] | {field: payload})


def test_the_alarm_works(browser: Browser) -> None:
    """A page that forgets to escape sets it off."""
    page = browser.new_context(bypass_csp=True).new_page()
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    for payload in PAYLOADS[:20]:
        page.set_content(payload)
    assert len(ran) >= 15
    page.context.close()


def test_lists_of_every_article_run_nothing(page: Page, service: Running) -> None:
    """Front page, sections, fragments, feeds, documentation and the quality report, with all payloads shown."""
    shown: set[str] = set()
    excluded = ""
    while len(shown) < len(ARTICLES):
        answer = page.request.get(f"{service.address}/v1/trending?limit=50&{excluded}").json()
        for path in ("embed/trending", "feeds/trending.rss", "feeds/trending.json"):
            page.goto(f"{service.address}/{path}?limit=50&layout=cards&{excluded}")
        assert answer["items"]
        shown |= {item["id"] for item in answer["items"]}
        excluded = "&".join(f"exclude={quote(one)}" for one in sorted(shown) if "," not in one)[:200_000]
        if len(shown) % 50:
            break
    for path in ("", "docs", f"section/{quote(ARTICLES[7]['section'], safe='')}"):
        page.goto(f"{service.address}/{path}")
    (report,) = service.data_dir.glob("models/*/quality.html")  # type: ignore[attr-defined]
    page.goto(report.as_uri())


def open_article(page: Page, service: Running, article: dict[str, Any]) -> None:
    page.goto(f"{service.address}/articles/{quote(article['id'], safe='')}", wait_until="domcontentloaded")
    assert page.locator("h1").inner_text()


def test_articles_run_nothing(page: Page, service: Running) -> None:
    """A page with the payload in every field of its article, and others in its boxes."""
    for article in ARTICLES[::9]:
        open_article(page, service, article)


@pytest.mark.benchmark
def test_no_article_runs_anything(page: Page, service: Running) -> None:
    """The same for every payload."""
    for article in ARTICLES:
        open_article(page, service, article)


def test_boxes_on_other_pages_run_nothing(page: Page, service: Running) -> None:
    """The script draws fifty items in each box, six times over."""
    boxes = '<div data-recommender="related" data-limit="50"></div><div data-recommender="trending" data-layout="cards" data-limit="50"></div>'
    seen: set[str | None] = set()
    with hosting(service.address) as host:
        for article in ARTICLES[::60]:
            name = article["id"].replace("&", "&amp;").replace('"', "&quot;")
            host.page = lambda _, name=name: host.plain(name, body=boxes)  # type: ignore[misc]
            page.goto(f"{host.address}/?id=x")
            page.wait_for_function(
                "[...document.querySelectorAll('[data-recommender]')].every(box => box.shadowRoot?.querySelector('a[href]'))"
            )
            seen |= set(page.locator("a[href]").evaluate_all("links => links.map(link => link.dataset.id)"))
    assert len(seen) > 100
