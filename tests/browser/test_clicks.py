"""What was in sight is told of once, and a click is known by its place, box and answer; nothing leads through us."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Request, expect
from prometheus_client.parser import text_string_to_metric_families

from tests.browser.host import BOXES, Host
from tests.browser.test_beacon import VISIBILITY, pass_by
from tests.running import Running

STORY = "football-final-live-report"
SPACE = '<div style="height: 3000px"></div>'
FAR = f'{SPACE}<div data-recommender="related"></div>{SPACE}<div data-recommender="trending"></div>'
LINKS = 'data-link="/?id={id}"'

pytestmark = pytest.mark.browser


@pytest.fixture
def told(page: Page) -> list[dict[str, Any]]:
    """The impressions that the page reports, in a window that both boxes fit into."""
    sent: list[dict[str, Any]] = []

    def keep(request: Request) -> None:
        if request.url.endswith("/v1/impressions"):
            impression = request.post_data_json
            assert isinstance(impression, dict)
            sent.append(impression)

    page.on("request", keep)
    page.set_viewport_size({"width": 1280, "height": 1600})
    return sent


def open_page(page: Page, host: Host, *, body: str = BOXES, script: str = "", links: int = 11) -> None:
    host.page = lambda name: host.plain(name, body=body, script=f"{LINKS} {script}")
    page.goto(f"{host.address}/?id={STORY}")
    expect(page.locator("[data-recommender] a[href]")).to_have_count(links)


def scroll_to(page: Page, box: str) -> None:
    """Bring the middle of a box into the middle of the window, and let the browser see it."""
    page.locator(f"section[data-box={box}] li").nth(3).evaluate("row => row.scrollIntoView({ block: 'center' })")
    in_sight(page)


def counted(newsroom: Running, what: str, box: str) -> float:
    """Return how many impressions or clicks of a box the service has counted."""
    text = httpx.get(f"{newsroom.address}/metrics", trust_env=False).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"recommender_{what}_total" and sample.labels == {"box": box, "outcome": "counted"}
    )


def test_a_box_is_told_of_once_when_it_was_in_sight(
    page: Page, host: Host, newsroom: Running, told: list[dict[str, Any]]
) -> None:
    """Not while it is below the window, then each box once, however often it is scrolled to."""
    before = counted(newsroom, "impressions", "related")
    page.clock.install()
    page.clock.pause_at("2040-01-01")
    open_page(page, host, body=FAR)
    with page.expect_response("**/v1/views"):  # the page was in sight for a second, the boxes were not
        pass_by(page, 1000)
    assert told == []
    with page.expect_response("**/v1/impressions"):
        scroll_to(page, "related")
        pass_by(page, 1000)
    assert told[0]["request_id"] == page.locator("section[data-box=related]").get_attribute("data-request-id")
    assert counted(newsroom, "impressions", "related") == before + 1
    page.evaluate("scrollTo(0, 0)")
    in_sight(page)
    scroll_to(page, "related")
    pass_by(page, 5000)
    with page.expect_request("**/v1/impressions"):
        scroll_to(page, "trending")
        pass_by(page, 1000)
    assert [one["box"] for one in told] == ["related", "trending"]


def test_a_box_that_was_only_passed_is_not_told_of(page: Page, host: Host, told: list[dict[str, Any]]) -> None:
    """Half a second is not enough, nor is a second in a tab in the background."""
    page.add_init_script(VISIBILITY)
    page.clock.install()
    page.clock.pause_at("2040-01-01")
    open_page(page, host)
    pass_by(page, 500)
    page.evaluate("turn('hidden')")
    pass_by(page, 60_000)
    assert told == []
    page.evaluate("turn('visible')")
    in_sight(page)
    pass_by(page, 999)
    assert told == []
    with page.expect_request(lambda _: {one["box"] for one in told} == {"related", "trending"}):
        pass_by(page, 1)
    assert {one["box"] for one in told} == {"related", "trending"}


def test_a_click_counts_at_its_place_and_leads_through_nobody(
    page: Page, host: Host, newsroom: Running, told: list[dict[str, Any]]
) -> None:
    """Clicked before the second is over, too; the browser goes from page to page of the site alone."""
    before = counted(newsroom, "clicks", "related")
    open_page(page, host)
    link = page.locator("section[data-box=related] a[data-position='3']")
    ways: list[str] = []
    page.on("request", lambda one: ways.append(one.url) if one.is_navigation_request() else None)
    with page.expect_response("**/v1/views") as view:
        link.click()
    sent = view.value.request.post_data_json
    assert sent
    assert (sent["source"], sent["position"], sent["request_id"]) == ("related", 3, told[0]["request_id"])
    assert ways == [f"{host.address}/?id={sent['article_id']}"]
    assert counted(newsroom, "clicks", "related") == before + 1


def test_without_consent_nothing_is_told_until_it_is_given(page: Page, host: Host, told: list[dict[str, Any]]) -> None:
    """With ``data-count="off"`` a box in sight and a click leave no trace; consent tells of what is in sight then."""
    page.clock.install()
    page.clock.pause_at("2040-01-01")
    open_page(page, host, script='data-count="off"')
    in_sight(page)
    pass_by(page, 5000)
    page.locator("section[data-box=related] a").first.evaluate("link => link.click()")
    expect(page.locator("[data-recommender] a[href]")).to_have_count(11)
    pass_by(page, 5000)
    assert told == []
    assert page.evaluate("sessionStorage.length") == 0
    page.evaluate("recommender.count(true)")
    in_sight(page)
    with page.expect_request(lambda _: {one["box"] for one in told} == {"related", "trending"}):
        pass_by(page, 1000)
    assert {one["box"] for one in told} == {"related", "trending"}


def test_a_list_that_came_again_is_shown_anew_only_when_it_changed(
    page: Page, host: Host, told: list[dict[str, Any]]
) -> None:
    """With data-refresh, an answer that says the same keeps its name; another list is another impression."""
    page.clock.install()
    page.clock.pause_at("2040-01-01")
    with page.expect_response("**/v1/trending?*") as asked:
        open_page(page, host, body='<div data-recommender="trending" data-refresh="10"></div>', links=5)
    section = page.locator("section[data-box=trending]")
    first, again = asked.value.json(), page.request.get(asked.value.url).json()
    changed = {**again, "request_id": "another", "items": again["items"][::-1]}
    assert first["request_id"] != again["request_id"]
    in_sight(page)
    with page.expect_request("**/v1/impressions"):
        pass_by(page, 1000)

    def refresh(answer: dict[str, Any], name: str) -> None:
        page.route("**/v1/trending?*", lambda route: route.fulfill(json=answer))
        with page.expect_response("**/v1/trending?*"):
            pass_by(page, 9000)
        expect(section).to_have_attribute("data-request-id", name)
        in_sight(page)

    refresh(again, first["request_id"])
    pass_by(page, 1000)
    refresh(changed, "another")
    with page.expect_request("**/v1/impressions"):
        pass_by(page, 1000)
    assert [one["request_id"] for one in told] == [first["request_id"], "another"]


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_box_that_came_as_html_is_told_of(
    page: Page, host: Host, newsroom: Running, told: list[dict[str, Any]], *, wrapped: bool
) -> None:
    """Whether the fragment stands in a box of the script or anywhere in the page."""
    html = httpx.get(f"{newsroom.address}/embed/related?article_id={STORY}", trust_env=False).text
    body = f'<div data-recommender="related">{html}</div>' if wrapped else f"{html}"
    host.page = lambda name: host.plain(name, body=body, script=LINKS)
    with page.expect_request("**/v1/impressions"):
        page.goto(f"{host.address}/?id={STORY}")
    request_id = page.locator("section.recommender").get_attribute("data-request-id")
    assert told == [{"request_id": request_id, "box": "related"}]


def in_sight(page: Page) -> None:
    """Let the browser find out what is in sight: it does so after two frames."""
    page.evaluate("""() => new Promise(done => {
      new IntersectionObserver(() => done()).observe(document.body);
    })""")
