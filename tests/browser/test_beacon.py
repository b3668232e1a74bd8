"""The beacon: one view for one real view, and none that a reader or the page forbids."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.host import BOXES, Host
from tests.running import Running

STORY, OTHER = "football-final-live-report", "election-night-near-tie"

pytestmark = pytest.mark.browser

VISIBILITY = """
  let state = "visible";
  Object.defineProperty(document, "visibilityState", { get: () => state });
  window.turn = (to) => { state = to; document.dispatchEvent(new Event("visibilitychange")); };
"""
PRERENDERING = """
  let prerendering = true;
  Object.defineProperty(document, "prerendering", { get: () => prerendering });
  window.activate = () => { prerendering = false; document.dispatchEvent(new Event("prerenderingchange")); };
"""
PRIVACY = 'Object.defineProperty(navigator, "globalPrivacyControl", { value: true });'


@pytest.fixture
def views(page: Page) -> list[dict[str, Any]]:
    """The views that the page reports, with the clock in the test's hand."""
    sent: list[dict[str, Any]] = []

    def keep(request: Request) -> None:
        if "/v1/views" in request.url:
            view = request.post_data_json
            assert isinstance(view, dict)
            sent.append(view)

    page.on("request", keep)
    page.clock.install()
    return sent


def open_page(page: Page, host: Host, article_id: str = STORY) -> None:
    page.goto(f"{host.address}/?id={article_id}")
    expect(page.locator("[data-box=trending] a[href]")).to_have_count(5)


def pass_by(page: Page, milliseconds: int) -> None:
    """Let time pass, and what it set off leave the page."""
    page.clock.run_for(milliseconds)
    page.evaluate("0")


def test_a_second_in_sight_is_one_view(page: Page, host: Host, views: list[dict[str, Any]]) -> None:
    """Not before a second, then once, however long the page stays, and with nothing stored in the browser."""
    page.clock.pause_at("2040-01-01")
    open_page(page, host)
    pass_by(page, 999)
    assert views == []
    with page.expect_response("**/v1/views") as response:
        pass_by(page, 1)
    assert response.value.status == 202
    pass_by(page, 60_000)
    assert [view.keys() for view in views] == [{"article_id", "event_id"}]
    assert views[0]["article_id"] == STORY
    assert page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]
    assert page.context.cookies() == []


def test_only_time_in_sight_counts_and_a_restored_page_does_not_again(
    page: Page, host: Host, views: list[dict[str, Any]]
) -> None:
    """Half a second, a tab in the background, half a second more; then away and back from memory: one view."""
    page.add_init_script(VISIBILITY)
    page.clock.pause_at("2040-01-01")
    open_page(page, host)
    pass_by(page, 500)
    page.evaluate("turn('hidden')")
    pass_by(page, 60_000)
    page.evaluate("turn('visible')")
    pass_by(page, 499)
    assert views == []
    pass_by(page, 1)
    page.evaluate("""() => {
      window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
      turn("hidden");
      window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
      turn("visible");
    }""")
    pass_by(page, 60_000)
    assert len(views) == 1


def test_a_prerendered_page_counts_when_it_is_shown(page: Page, host: Host, views: list[dict[str, Any]]) -> None:
    """What the browser renders on suspicion is no view until the reader comes."""
    page.add_init_script(PRERENDERING)
    page.clock.pause_at("2040-01-01")
    open_page(page, host)
    pass_by(page, 60_000)
    assert views == []
    page.evaluate("activate()")
    pass_by(page, 1000)
    assert len(views) == 1


@pytest.mark.parametrize(
    ("script", "privacy", "counted"),
    [("", False, 1), ('data-count="off"', False, 0), ("", True, 0), ('data-gpc="ignore"', True, 1)],
)
def test_consent_and_global_privacy_control_are_kept_to(
    page: Page, host: Host, views: list[dict[str, Any]], script: str, *, privacy: bool, counted: int
) -> None:
    """Where counting is off, or the reader asks for privacy and the site does not decline, nothing is sent or kept."""
    host.page = lambda name: host.plain(name, script=f'{script} data-link="/?id={{id}}"')
    if privacy:
        page.add_init_script(PRIVACY)
    open_page(page, host)
    pass_by(page, 5000)
    assert len(views) == counted
    page.locator("[data-box=related] a").first.evaluate("link => { link.removeAttribute('href'); link.click(); }")
    assert page.evaluate("sessionStorage.length") == 0


def test_consent_may_come_later(page: Page, host: Host, views: list[dict[str, Any]]) -> None:
    """What the page was seen for before counts as soon as the reader agrees."""
    host.page = lambda name: host.plain(name, script='data-count="off"')
    open_page(page, host)
    pass_by(page, 5000)
    page.evaluate("recommender.count(true)")
    pass_by(page, 0)
    assert len(views) == 1


def test_a_site_that_turns_pages_itself_counts_each(page: Page, host: Host, views: list[dict[str, Any]]) -> None:
    """render() with another article fills the boxes anew and is another view; with the same one it is none."""
    open_page(page, host)
    pass_by(page, 1000)
    before = page.locator("[data-box=related] a").first.get_attribute("data-id")
    page.evaluate(f"recommender.render({{ articleId: '{STORY}' }})")
    pass_by(page, 5000)
    assert len(views) == 1
    with page.expect_response("**/v1/widgets?*"):
        page.evaluate(f"void recommender.render({{ articleId: '{OTHER}' }})")
    expect(page.locator("[data-recommender] a[href]")).to_have_count(11)
    pass_by(page, 1000)
    assert [view["article_id"] for view in views] == [STORY, OTHER]
    assert len({view["event_id"] for view in views}) == 2
    assert page.locator("[data-box=related] a").first.get_attribute("data-id") != before
    page.evaluate("recommender.render({ articleId: null })")
    pass_by(page, 5000)
    assert len(views) == 2


def test_a_site_that_leaves_before_a_second_counts_the_next_page_alone(
    page: Page, host: Host, views: list[dict[str, Any]]
) -> None:
    """An answer that comes too late is not drawn over the next article's."""
    page.clock.pause_at("2040-01-01")
    open_page(page, host)
    pass_by(page, 900)
    page.evaluate(f"recommender.render({{ articleId: '{OTHER}' }})")
    pass_by(page, 999)
    assert views == []
    pass_by(page, 1)
    assert [view["article_id"] for view in views] == [OTHER]


@pytest.mark.parametrize("box", ["related", "trending"])
def test_a_click_is_the_next_view_with_where_it_came_from(
    page: Page, host: Host, views: list[dict[str, Any]], box: str
) -> None:
    """The view of the page that was clicked names box, place and answer; the address does not; and only that one."""
    host.page = lambda name: host.plain(name, script='data-link="/?id={id}"', body=BOXES)
    open_page(page, host)
    pass_by(page, 1000)
    section = page.locator(f"section[data-box={box}]")
    request_id, link = section.get_attribute("data-request-id"), section.locator("a[data-position='2']")
    clicked = link.get_attribute("data-id")
    link.click()
    expect(page).to_have_url(f"{host.address}/?id={clicked}")
    expect(page.locator("[data-recommender] a[href]")).to_have_count(11)
    pass_by(page, 1000)
    came_from = {"source": box, "position": 2, "request_id": request_id}
    assert views[-1] == came_from | {"article_id": clicked, "event_id": views[-1]["event_id"]}
    assert page.evaluate("sessionStorage.length") == 0
    page.reload()
    expect(page.locator("[data-recommender] a[href]")).to_have_count(11)
    pass_by(page, 1000)
    assert len(views) == 3
    assert "source" not in views[-1]


def test_a_view_on_another_origin_is_counted(
    page: Page, host: Host, newsroom: Running, views: list[dict[str, Any]]
) -> None:
    """What the host page reports stands in the service's list of the most viewed."""
    open_page(page, host, OTHER)
    with page.expect_response("**/v1/views"):
        pass_by(page, 1000)
    top = page.request.get(f"{newsroom.address}/v1/trending?rank=most_viewed&window=1h&limit=50").json()["items"]
    assert OTHER in {item["id"] for item in top if item["source"] == "trending"}
    assert len(views) == 1
