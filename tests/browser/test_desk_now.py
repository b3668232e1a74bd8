"""The desk's page Now in a browser: it follows readers by itself, and leaves in peace who works on it."""

from __future__ import annotations

import uuid

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

COUNT_ANIMATIONS = """() => {
  window.animated = 0
  const own = Element.prototype.animate
  Element.prototype.animate = function (...how) { window.animated += 1; return own.apply(this, how) }
}"""


def read(page: Page, article_id: str, times: int) -> None:
    for _ in range(times):
        view = {"article_id": article_id, "visitor_id": uuid.uuid4().hex}
        assert page.request.post("/v1/views", data=view).status == 202


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_row_moves_and_keeps_the_focus(desk: Page, motion: str) -> None:
    """What is read most comes first without a reload, as the same element; it glides unless the system wants calm."""
    desk.emulate_media(reduced_motion="reduce" if motion == "reduce" else "no-preference")
    desk.goto("/desk/?window=1h&rank=most_viewed")
    desk.evaluate(COUNT_ANIMATIONS)
    row = desk.locator("[data-moves]").last
    name = row.get_attribute("id") or ""
    row.locator(".headline a").focus()
    row.evaluate("row => { row.known = true }")
    ahead = int(desk.locator("[data-moves] .figures dd").first.inner_text().replace(",", ""))
    read(desk, name.removeprefix("line-"), ahead + 1)
    first = desk.locator("[data-moves]").first
    expect(first).to_have_id(name, timeout=15_000)
    assert first.evaluate("row => row.known")
    expect(first.locator(".headline a")).to_be_focused()
    expect(first.locator("desk-plot canvas")).to_have_count(1)
    assert bool(desk.evaluate("window.animated")) == (motion == "no-preference")


def test_nobody_is_asked_while_the_page_cannot_be_seen(desk: Page) -> None:
    """Minutes in a hidden tab ask nothing; seen again, the page follows."""
    asked: list[str] = []
    desk.clock.install()
    desk.goto("/desk/")
    desk.on("request", lambda request: asked.append(request.url) if "/live" in request.url else None)
    desk.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    desk.clock.run_for(120_000)
    assert asked == []
    desk.evaluate("delete document.hidden")
    with desk.expect_response("**/desk/now/live?*"):
        desk.clock.run_for(6000)


def test_the_page_says_when_it_cannot_follow(desk: Page) -> None:
    """And takes it back with the next answer."""
    desk.goto("/desk/")
    note = desk.locator("[data-late]")
    expect(note).to_be_hidden()
    desk.evaluate("htmx.trigger(document.body, 'htmx:sendError')")
    expect(note).to_be_visible()
    expect(note).to_be_hidden(timeout=15_000)


def test_a_line_leads_to_its_article_and_to_its_pin(desk: Page) -> None:
    """The form is filled in: who, in which box, at which place."""
    desk.goto("/desk/?window=24h")
    row = desk.locator("[data-moves]").first
    title, name = row.locator(".headline a").inner_text(), (row.get_attribute("id") or "").removeprefix("line-")
    row.get_by_role("link", name="Pin").click()
    expect(desk.get_by_label("Article id")).to_have_value(name)
    expect(desk.get_by_role("radio", name="Pin")).to_be_checked()
    expect(desk.get_by_role("radio", name="Trending")).to_be_checked()
    desk.go_back()
    desk.get_by_role("link", name=title).first.click()
    expect(desk.get_by_role("heading", level=1)).to_have_text(title)
