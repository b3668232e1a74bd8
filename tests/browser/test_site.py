"""The news site as a reader meets it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

STORY = "/articles/football-final-live-report"

pytestmark = pytest.mark.browser


def is_view(request: Request) -> bool:
    return request.url.endswith("/v1/views")


def sent(beacon: Request) -> dict[str, Any]:
    """Return the view a beacon reported."""
    view = beacon.post_data_json
    assert isinstance(view, dict)
    return view


def test_a_reader_goes_from_the_front_page_to_an_article_and_on(page: Page) -> None:
    """The front page leads to an article, whose two boxes are filled; a related article opens from there."""
    page.goto("/")
    headline = page.locator(".lead .headline a")
    title = headline.inner_text()
    headline.click()
    expect(page.locator("h1")).to_have_text(title)
    expect(page.locator("[data-box=related] li")).to_have_count(6)
    expect(page.locator("[data-box=trending] li")).to_have_count(5)
    related = page.locator("[data-box=related] a").first
    title = related.locator(".recommender-title").inner_text()
    related.click()
    expect(page.locator("h1")).to_have_text(title)


def test_a_page_in_sight_for_a_second_reports_one_view(page: Page) -> None:
    """The beacon names the article and an event, is accepted, and puts the article on the Trending list."""
    with page.expect_request(is_view) as beacon:
        page.goto(STORY)
    assert sent(beacon.value)["article_id"] == STORY.rpartition("/")[2]
    assert len(sent(beacon.value)["event_id"]) > 30
    response = beacon.value.response()
    assert response is not None
    assert response.status == 202
    top = page.request.get("/v1/trending?window=1h&limit=50").json()["items"]
    assert STORY.rpartition("/")[2] in {item["id"] for item in top if item["source"] == "trending"}


def test_a_click_in_a_box_says_where_it_came_from(page: Page) -> None:
    """The view after a click on a related article names the box, the place and the answer it was in."""
    page.goto(STORY)
    box = page.locator("[data-box=related]")
    request_id = box.get_attribute("data-request-id")
    with page.expect_request(is_view) as beacon:
        box.locator("a[data-position='2']").click()
    view = sent(beacon.value)
    assert (view["source"], view["position"], view["request_id"]) == ("related", 2, request_id)


@pytest.mark.parametrize("address", ["/", STORY, "/section/Sport", "/docs"])
@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_no_page_is_wider_than_the_window(page: Page, address: str, width: int) -> None:
    """On a phone as on a desk nothing has to be scrolled sideways."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_keyboard_reaches_the_content_and_the_boxes(page: Page) -> None:
    """The first stop of the Tab key leads past the masthead; every link of both boxes can be reached and is shown."""
    page.goto(STORY)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    seen = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.closest('[data-box]')?.dataset.box"))
    assert {"related", "trending"} <= seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", ["/", STORY, "/docs"])
def test_text_stands_out_from_its_ground(page: Page, scheme: str, address: str) -> None:
    """In light and in dark every text has a contrast of 4.5 to 1 or more, as WCAG 2 AA asks."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(address)
    assert page.evaluate(_CONTRASTS) == []


_CONTRASTS = """() => {
  const channel = (v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const parse = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !node.checkVisibility() || node.closest('.skip')) continue;
    const [one, other] = [luminance(parse(getComputedStyle(node).color)), luminance(ground(node))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) faint.push(`${contrast.toFixed(2)}: ${node.className} ${texts.currentNode.data.slice(0, 40)}`);
  }
  return faint;
}"""
