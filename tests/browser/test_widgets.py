"""The script on somebody else's page: what it shows, and how it behaves there."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.host import BOXES, Host
from tests.running import Running

STORY = "football-final-live-report"

pytestmark = pytest.mark.browser

HOSTILE = """<style>
* { all: unset !important; }
li, ol, h2, section { display: inline !important; font: 5px fantasy !important; color: #fefefe !important; }
</style>"""
LIBRARY = """
  Object.prototype.polluted = function () {};
  Array.prototype.first = function () { return this[0]; };
  window.$ = window._ = () => { throw new Error("another library"); };
"""


def asked(page: Page) -> list[str]:
    """Collect the paths and queries a page asks the public interface for."""
    paths: list[str] = []
    page.on("request", lambda request: paths.append(request.url) if "/v1/" in request.url else None)
    return paths


def open_page(page: Page, host: Host, article_id: str = STORY) -> None:
    page.goto(f"{host.address}/?id={article_id}")


def test_a_hostile_page_has_both_boxes_by_one_request(page: Page, host: Host, newsroom: Running) -> None:
    """Resets, a strict policy with Trusted Types and a rude library: filled, in their own shape, one global name."""
    origin = newsroom.address
    host.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {origin} 'nonce-x'; connect-src {origin}; img-src {origin}; "
        "style-src 'nonce-x'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    library = f'<script nonce="x">{LIBRARY} window.before = Object.keys(window);</script>'
    host.page = lambda name: host.plain(name, head=library + HOSTILE.replace("<style>", '<style nonce="x">'))
    requests = asked(page)
    open_page(page, host)
    expect(page.locator("[data-box=related] a[href]")).to_have_count(6)
    expect(page.locator("[data-box=trending] a[href]")).to_have_count(5)
    assert [url.removeprefix(origin) for url in requests if "/views" not in url] == [
        f"/v1/widgets?article_id={STORY}&related=6&trending=5"
    ]
    assert page.evaluate("Object.keys(window).filter(name => !before.includes(name) && name !== 'before')") == [
        "recommender"
    ]
    assert page.locator("[data-box=related] ol").evaluate("list => getComputedStyle(list).display") == "grid"
    assert page.locator("[data-box=related] h2").evaluate("head => getComputedStyle(head).fontWeight") == "700"
    links = page.locator("[data-recommender] a").evaluate_all("links => links.map(link => link.href)")
    assert len(set(links)) == 11
    assert all(link.startswith(f"{origin}/articles/") and "?" not in link for link in links)


def test_filling_moves_nothing(page: Page, host: Host) -> None:
    """A skeleton holds the place from the script's first moment; what stands below stays where it is."""
    host.page = lambda name: host.plain(name, body=BOXES + "<p id=below>Below</p>")
    answer: list[Route] = []
    page.route("**/v1/widgets?*", lambda route: answer.append(route))  # noqa: PLW0108 - playwright inspects it
    open_page(page, host)
    expect(page.locator("li[aria-hidden]")).to_have_count(11)
    assert page.locator("[data-box=related]").get_attribute("aria-busy") == "true"
    before = page.locator("#below").bounding_box()
    answer[0].continue_()
    expect(page.locator("a[href]")).to_have_count(11)
    assert page.locator("[data-box=related]").get_attribute("aria-busy") == "false"
    assert page.locator("#below").bounding_box() == before
    image = page.locator("[data-box=related] img").first
    assert image.evaluate("image => [image.loading, image.width > 0, image.getAttribute('height'), image.alt]") == [
        "lazy",
        True,
        "180",
        "",
    ]


@pytest.mark.parametrize("failure", ["abort", "500", "not JSON", "silence"])
def test_an_unreachable_service_leaves_no_trace(context: BrowserContext, host: Host, failure: str) -> None:
    """Refused, failing, talking nonsense or silent for five seconds: the boxes go, the page goes on, nothing throws."""
    page = context.new_page()
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    answers: dict[str, Callable[[Route], None]] = {
        "abort": lambda route: route.abort(),
        "500": lambda route: route.fulfill(status=500, body="{}"),
        "not JSON": lambda route: route.fulfill(status=200, body="<html>"),
        "silence": lambda _: None,
    }
    page.route("**/v1/widgets?*", answers[failure])
    with page.expect_request("**/v1/widgets?*"):
        open_page(page, host)
    if failure == "silence":
        expect(page.locator("li[aria-hidden]")).to_have_count(11)
    expect(page.locator("[data-recommender]").first).to_be_hidden(timeout=15_000)
    expect(page.locator("[data-recommender]").last).to_be_hidden()
    assert page.locator("[data-recommender] *").count() == page.locator("section.recommender:empty").count() == 2
    expect(page.locator("#after")).to_be_visible()
    assert thrown == []


def test_without_the_script_the_page_is_as_it_was(context: BrowserContext, host: Host) -> None:
    """When not even the script comes, the empty places take no room."""
    page = context.new_page()
    page.route("**/widgets.js", lambda route: route.abort())
    open_page(page, host)
    assert page.locator("[data-recommender]").evaluate_all("boxes => boxes.map(box => box.offsetHeight)") == [0, 0]
    expect(page.locator("#after")).to_be_visible()


def test_attributes_choose_what_a_box_shows(page: Page, host: Host) -> None:
    """Limits, section, window, rank, exclusion, layout, label, heading and images, each on the box or the script."""
    boxes = (
        '<div data-recommender="related" data-limit="3" data-layout="list" data-exclude="a1,a2" data-heading="3"></div>'
        '<div data-recommender="trending" data-limit="2" data-window="24h" data-rank="most_viewed"></div>'
        '<div data-recommender="trending" data-section="Sport" data-limit="4" data-label="In &lt;b&gt;sport"></div>'
    )
    host.page = lambda name: host.plain(name, body=boxes, script='data-images="off"')
    requests = asked(page)
    open_page(page, host)
    expect(page.locator("a[href]")).to_have_count(9)
    expect(page.locator("h3")).to_have_text("Related Articles")
    expect(page.locator("h2").last).to_have_text("In <b>sport")
    assert page.locator("img, [data-layout=list] .recommender-section").count() == 0
    assert sorted(url.partition("/v1/")[2] for url in requests if "/views" not in url) == [
        f"trending?limit=4&section=Sport&exclude={STORY}",
        f"widgets?article_id={STORY}&related=3&trending=2&window=24h&rank=most_viewed&exclude=a1%2Ca2",
    ]


def test_a_page_without_an_article_has_trending_alone(page: Page, host: Host) -> None:
    """On a front page the related box stays empty and no view is counted, but that Trending was shown."""
    requests = asked(page)
    page.clock.install()
    open_page(page, host, "")
    expect(page.locator("[data-box=trending] a[href]")).to_have_count(5)
    page.clock.run_for(3000)
    assert page.locator("[data-box=related]").count() == 0
    assert {url.partition("/v1/")[2] for url in requests} <= {"trending?limit=5", "impressions"}


@pytest.mark.parametrize(
    ("html", "labels"),
    [
        ('lang="de-AT"', ["Mehr zum Thema", "Meistgelesen"]),
        ('lang="nb"', ["Les også", "Mest lest nå"]),
        ('lang="xx"', ["Related Articles", "Trending"]),
        ("", ["Related Articles", "Trending"]),
        ('lang="ar" dir="rtl"', ["مقالات ذات صلة", "الأكثر تداولاً"]),
    ],
)
def test_labels_are_in_the_language_of_the_page(page: Page, host: Host, html: str, labels: list[str]) -> None:
    """By the page's language, in English where it is unknown; in right-to-left pages the ranks stand right."""
    host.page = lambda name: host.plain(name, html=html)
    open_page(page, host)
    expect(page.locator("a[href]")).to_have_count(11)
    assert page.locator("h2").all_inner_texts() == labels
    padding = page.locator("[data-box=trending] a").first.evaluate(
        "link => [getComputedStyle(link).paddingLeft, getComputedStyle(link).paddingRight]"
    )
    assert padding.index("0px") == (0 if "rtl" in html else 1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_anyone_can_use_the_boxes(page: Page, host: Host, scheme: str, width: int) -> None:
    """axe finds nothing wrong in light or dark, on a phone or a desk; nothing has to be scrolled sideways."""
    style = "<style>:root { color-scheme: light dark; } body { background: Canvas; color: CanvasText; }</style>"
    host.page = lambda name: host.plain(name, head=style)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})
    open_page(page, host)
    expect(page.locator("a[href]")).to_have_count(11)
    found = Axe().run(page, context="[data-recommender]")
    assert [violation["id"] for violation in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_keyboard_reaches_every_item_and_shows_where_it_is(page: Page, host: Host) -> None:
    """Each item is one stop of the Tab key, with an outline."""
    open_page(page, host)
    expect(page.locator("a[href]")).to_have_count(11)
    for _ in range(11):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement.shadowRoot.activeElement).outlineStyle")
        assert outline == "solid"


def test_reduced_motion_stills_the_skeleton(page: Page, host: Host) -> None:
    """Readers who ask for less motion see none."""
    page.route("**/v1/widgets?*", lambda _: None)
    for motion, name in (("no-preference", "recommender-wait"), ("reduce", "none")):
        page.emulate_media(reduced_motion="reduce" if motion == "reduce" else "no-preference")
        open_page(page, host)
        waiting = page.locator("li[aria-hidden] a").first
        assert waiting.evaluate("link => getComputedStyle(link).animationName") == name


def test_html_from_the_server_is_taken_over(page: Page, host: Host, newsroom: Running) -> None:
    """A box that came with the page is not asked for again, and has the elements the script would make."""
    included = page.request.get(f"{newsroom.address}/embed/related?article_id={STORY}&limit=6").text()
    for body in (f'<div data-recommender="related">{included}</div>', '<div data-recommender="related"></div>'):
        host.page = lambda name, body=body: host.plain(name, body=body)  # type: ignore[misc]
        requests = asked(page)
        open_page(page, host)
        expect(page.locator("a[href]")).to_have_count(6)
        expect(page.locator("time").first).to_have_text(AGO)
        shapes = page.locator("section.recommender").evaluate(SHAPE)
        if included in body:
            assert [url for url in requests if "/views" not in url] == []
            expected = shapes
    assert shapes == expected


def test_a_page_rendered_twice_at_once_is_filled(page: Page, host: Host) -> None:
    """Frameworks run an effect more than once; the second call does not leave the first one's boxes waiting."""
    open_page(page, host)
    page.evaluate("""() => {
      document.querySelectorAll("[data-recommender]").forEach((box) => box.replaceWith(box.cloneNode()));
      for (let times = 0; times < 3; times++) recommender.render({ articleId: "election-night-near-tie" });
    }""")
    expect(page.locator("a[href]")).to_have_count(11)
    expect(page.locator("section[aria-busy=true]")).to_have_count(0)


def test_a_preloaded_answer_is_used(page: Page, host: Host, newsroom: Running) -> None:
    """The hint of the documentation fetches the very answer that the script asks for, once."""
    address = f"{newsroom.address}/v1/widgets?article_id={STORY}&amp;related=6&amp;trending=5"
    hint = f'<link rel="preload" as="fetch" crossorigin="anonymous" href="{address}">'
    host.page = lambda name: host.plain(name, head=hint)
    page.route("**/widgets.js", lambda route: route.continue_())
    requests = asked(page)
    open_page(page, host)
    expect(page.locator("a[href]")).to_have_count(11)
    assert len([url for url in requests if "widgets?" in url]) == 1


def test_a_living_list_asks_again_but_not_under_the_readers_hand(page: Page, host: Host) -> None:
    """With data-refresh the list is asked for again while it is in sight and nobody uses it."""
    boxes = '<div data-recommender="trending" data-refresh="10"></div>'
    host.page = lambda name: host.plain(name, body=boxes)
    page.clock.install()
    requests = asked(page)
    open_page(page, host)
    links = page.locator("a[href]")
    expect(links).to_have_count(5)
    first = links.first.get_attribute("data-id")
    shuffled = page.request.get(requests[0]).json()
    shuffled["items"] = shuffled["items"][1:]
    page.route("**/v1/trending?*", lambda route: route.fulfill(json=shuffled))
    page.locator("[data-recommender]").hover()
    page.clock.run_for(10_000)
    expect(links).to_have_count(5)
    page.mouse.move(0, 0)
    page.clock.run_for(10_000)
    expect(links).to_have_count(4)
    assert first not in links.evaluate_all("links => links.map(link => link.dataset.id)")


AGO = re.compile("ago|yesterday|20")
SHAPE = """section => [section, ...section.querySelectorAll("*")].map(node =>
  [node.localName, node.className, ...Object.keys(node.dataset).sort(), node.href ?? node.src ?? ""].join(" "))"""
