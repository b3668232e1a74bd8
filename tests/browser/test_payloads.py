"""Nothing that stands in an article runs on a page of ours, or on a page that shows our boxes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from recommender.article import parse_article
from recommender.errors import ArticleError
from tests.browser.host import hosting
from tests.browser.payloads import PAYLOADS
from tests.conftest import BROWSER
from tests.running import Running, running

pytestmark = pytest.mark.browser

SHARE = 12
"""Of so many articles one has its own page opened in every run; each has with the benchmarks."""


def armed(payload: str, number: int) -> dict[str, Any]:
    """Return an article that has the payload wherever it is let in."""
    in_address = "".join(mark for mark in payload if mark not in " \"'<>\\\u202e\u200b")
    return {
        "id": f"{number} {payload}".replace(",", "")[:128].strip(),
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
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("armed")


@pytest.fixture(scope="module")
def service(data_dir: Path) -> Iterator[Running]:
    """A newsroom of armed articles, trained and served."""
    source = data_dir / "articles.jsonl"
    source.write_text("\n".join(map(json.dumps, ARTICLES)), encoding="utf-8")
    with running("up", data_dir, "--articles", str(source)) as service:
        yield service


def note_dialogs(page: Page, ran: list[str]) -> None:
    """Note the page on which something ran, and let it go on."""

    def note(dialog: Dialog) -> None:
        ran.append(page.url)
        dialog.dismiss()

    page.on("dialog", note)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page without the net of the content policy; it fails the test when anything runs."""
    context = browser.new_context(bypass_csp=True)
    context.route(lambda url: not url.startswith(("http://127.0.0.1", "file:")), lambda route: route.abort())
    page, ran = context.new_page(), list[str]()
    note_dialogs(page, ran)
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
    note_dialogs(page, ran)
    for payload in PAYLOADS[:20]:
        page.set_content(payload)
    assert len(ran) >= 15
    page.context.close()


def test_lists_of_every_article_run_nothing(page: Page, service: Running, data_dir: Path) -> None:
    """Front page, sections, fragments, feeds, documentation and the quality report, with all payloads shown."""
    shown: list[str] = []
    while len(shown) < len(ARTICLES):
        query = f"limit=50&layout=cards&exclude={quote(','.join(shown), safe='')}"
        for path in ("embed/trending", "feeds/trending.rss", "feeds/trending.json"):
            page.goto(f"{service.address}/{path}?{query}")
        items = page.request.get(f"{service.address}/v1/trending?{query}").json()["items"]
        assert items
        shown += [item["id"] for item in items]
    for path in ("", "docs", f"section/{quote(ARTICLES[7]['section'], safe='')}"):
        page.goto(f"{service.address}/{path}")
    (report,) = data_dir.glob("models/*/quality.html")
    page.goto(report.as_uri())


def open_article(page: Page, service: Running, article: dict[str, Any]) -> None:
    page.goto(f"{service.address}/articles/{quote(article['id'], safe='')}", wait_until="domcontentloaded")
    assert page.locator("h1").inner_text()


def test_articles_run_nothing(page: Page, service: Running) -> None:
    """A page with the payload in every field of its article, and others in its boxes."""
    for article in ARTICLES[::SHARE]:
        open_article(page, service, article)


@pytest.mark.benchmark
def test_no_article_runs_anything(page: Page, service: Running) -> None:
    """The same for every payload."""
    for article in ARTICLES:
        open_article(page, service, article)


@pytest.fixture
def desk(page: Page, service: Running) -> Page:
    editor, password = service.editor
    page.goto(f"{service.address}/desk/sign-in")
    page.get_by_label("Name").fill(editor)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk/*")
    return page


def busy(page: Page, service: Running) -> None:
    """Let readers read armed articles, and an editor correct each with its payload as the reason."""
    for article in ARTICLES[:: SHARE // 2]:
        view = {"article_id": article["id"], "source": PAYLOADS[0]}
        sent = page.request.post(f"{service.address}/v1/views", data=view, headers=BROWSER)
        assert sent.status == 202
    table = io.StringIO()
    rows = csv.DictWriter(table, ["kind", "article_id", "factor", "reason"])
    rows.writeheader()
    for payload, article in zip(PAYLOADS, ARTICLES, strict=True):
        rows.writerow({"kind": "boost", "article_id": article["id"], "factor": 1.1, "reason": payload})
    taken = page.request.post(
        f"{service.address}/v1/desk/corrections.csv",
        data=table.getvalue().encode(),
        headers={"Origin": service.address},
    )
    assert taken.json()["added"] + len(taken.json()["rejected"]) == len(ARTICLES)
    assert taken.json()["added"] > 250


def test_the_desk_runs_nothing(desk: Page, service: Running) -> None:
    """Every room and the whole trace, with all payloads in titles, sections and reasons."""
    busy(desk, service)
    links = desk.get_by_role("navigation", name="Desk").get_by_role("link").all()
    for path in [link.get_attribute("href") for link in links]:
        desk.goto(f"{service.address}{path}")
    desk.goto(f"{service.address}/desk/trace")
    pages = 1
    while (older := desk.get_by_role("link", name="Older")).count():
        older.click()
        pages += 1
    assert pages > 5


def look_into(desk: Page, service: Running, article: dict[str, Any]) -> None:
    """Open all that the desk shows of an article, ask why the first is listed, and type the title as what to find."""
    name = quote(article["id"], safe="")
    for path in ("corrections?", "article/boxes?", "article?other_id=x&"):
        desk.goto(f"{service.address}/desk/{path}article_id={name}", wait_until="domcontentloaded")
    expect(desk.locator("h1")).to_be_visible()
    desk.get_by_label("Find an article").fill(article["title"][:200])
    desk.locator("summary", has_text="Why").first.click()
    expect(desk.locator(".into .why, .into .problem").first).to_be_visible()


def test_articles_on_the_desk_run_nothing(desk: Page, service: Running) -> None:
    """Their pages, explanations, boxes and corrections."""
    for article in ARTICLES[:: 2 * SHARE]:
        look_into(desk, service, article)


@pytest.mark.benchmark
def test_no_article_runs_anything_on_the_desk(desk: Page, service: Running) -> None:
    """The same for every payload."""
    for article in ARTICLES:
        look_into(desk, service, article)


def test_no_payload_is_the_name_of_a_user(desk: Page, service: Running) -> None:
    """Nor are the words of a refusal anything but text."""
    for payload in PAYLOADS[:: 2 * SHARE]:
        desk.goto(f"{service.address}/desk/people")
        desk.get_by_label("Name", exact=True).fill(payload[:64])
        desk.get_by_role("button", name="Add", exact=True).click()
        expect(desk.get_by_role("alert")).to_be_visible()


def test_boxes_on_other_pages_run_nothing(page: Page, service: Running) -> None:
    """The script draws fifty items in each box, six times over."""
    boxes = (
        '<div data-recommender="related" data-limit="50"></div>'
        '<div data-recommender="trending" data-layout="cards" data-limit="50"></div>'
    )
    seen: set[str | None] = set()
    with hosting(service.address) as host:
        for article in ARTICLES[::60]:
            name = escape(article["id"])
            host.page = lambda _, name=name: host.plain(name, body=boxes)  # type: ignore[misc]
            page.goto(f"{host.address}/?id=x")
            expect(page.locator("section[aria-busy=false]")).to_have_count(2)
            seen |= set(page.locator("a[href]").evaluate_all("links => links.map(link => link.dataset.id)"))
    assert len(seen) > 100
