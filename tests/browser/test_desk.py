"""Whole tasks of an editor, from the question to what readers see, in a browser before a running service."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.running import Running

STORY = "election-night-near-tie"
OTHER = "football-final-live-report"

pytestmark = pytest.mark.browser

AWAITED_S = 30
"""Seconds after which what was promised within one is given up, on a machine that is busy with other tests too."""


def related(page: Page, article_id: str = STORY) -> dict[str, Any]:
    answer: dict[str, Any] = page.request.get(f"/v1/related?article_id={article_id}").json()
    return answer


def await_version(page: Page, version: str) -> None:
    """Wait until readers get lists of a version."""
    page.wait_for_function(
        "async ([id, version]) => {"
        " const response = await fetch(`/v1/related?article_id=${id}`, {cache: 'no-store'});"
        " return (await response.json()).model === version; }",
        arg=[STORY, version],
    )


def await_box(site: Page, wanted: list[str]) -> None:
    """Look at the news site until the Related box begins with these articles; each server process learns for itself."""
    deadline = time.monotonic() + AWAITED_S
    while True:
        site.goto(f"/articles/{STORY}")
        expect(site.locator("[data-box=related] a")).to_have_count(6)
        links = site.locator("[data-box=related] a").all()
        shown = [link.get_attribute("data-id") for link in links]
        if shown[: len(wanted)] == wanted:
            return
        assert time.monotonic() < deadline, f"{shown} are shown"


def numbers(cells: Locator) -> list[float]:
    return [float(text.split()[-1]) for text in cells.all_inner_texts()]


def test_an_editor_finds_why_an_article_is_listed(desk: Page) -> None:
    """From a few letters of a title to the words that two articles share, whose weights add up, and on to the score."""
    title = related(desk)["items"][0]["title"]
    desk.get_by_role("navigation", name="Desk").get_by_role("link", name="Article").click()
    desk.get_by_label("Find an article").press_sequentially("election night civ")
    desk.get_by_role("link", name="Election night: Civic League").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Election night")
    first = (
        desk.locator("section", has=desk.get_by_role("heading", name="What readers get")).get_by_role("listitem").first
    )
    expect(first).to_contain_text(title)
    first.locator("summary").click()
    words, steps = first.get_by_role("table").first, first.get_by_role("table").last
    expect(words).to_contain_text("Shared words")
    cosine = float(words.locator("caption").inner_text().rpartition(" ")[2])
    assert sum(numbers(words.locator("td.number"))) == pytest.approx(cosine, abs=0.002)
    expect(words.locator("svg rect")).to_have_count(words.locator("tbody tr").count())
    *_, (factor, after) = zip(*[iter(numbers(steps.locator("td.number")))] * 2, strict=True)
    assert factor > 0
    assert f"score {after:.3f}" in first.inner_text()


def test_an_editor_finds_why_another_is_not(desk: Page) -> None:
    """Any other article, found as its title is typed, is explained on the same page."""
    desk.goto(f"/desk/article?article_id={STORY}")
    desk.get_by_label("Any other article").press_sequentially("lantern rega")
    desk.locator("#others").get_by_role("link").first.click()
    expect(desk.locator("#other")).to_contain_text(re.compile("not listed: ", re.IGNORECASE))
    expect(desk.locator("#other")).to_contain_text(re.compile("lantern regatta", re.IGNORECASE))


@pytest.fixture
def undone(desk: Page) -> Iterator[None]:
    """Leave no correction to the tests that follow."""
    yield
    for one in desk.request.get("/v1/desk/corrections?state=in force").json()["corrections"]:
        desk.request.delete(f"/v1/desk/corrections?id={one['id']}", headers={"Origin": desk.url.partition("/desk")[0]})


def pin(desk: Page) -> None:
    desk.get_by_label("Article id").fill(OTHER)
    desk.get_by_role("radio", name="Pin").check()
    desk.get_by_role("radio", name="Related").check()
    desk.get_by_label("In the Related list of").fill(STORY)
    desk.get_by_label("Reason").fill("the final is on everybody's mind")
    desk.get_by_role("button", name="Correct").click()


@pytest.mark.usefixtures("undone")
def test_a_pin_is_on_the_site_at_once_and_gone_when_undone(desk: Page) -> None:
    """Pinned on the desk, first in the box on the news site; undone, it is where it was."""
    before = [item["id"] for item in related(desk)["items"]]
    assert OTHER not in before
    desk.goto("/desk/corrections")
    pin(desk)
    expect(desk.get_by_role("status")).to_contain_text("Pinned to place 1")
    site = desk.context.new_page()
    await_box(site, [OTHER])
    expect(site.locator("[data-box=related] a").first).to_have_attribute("data-source", "pinned")
    desk.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(desk.get_by_role("status")).to_contain_text("Undone")
    await_box(site, before)
    desk.goto("/desk/trace")
    expect(desk.get_by_role("row").nth(1)).to_contain_text("correction undone")
    expect(desk.get_by_role("row").nth(2)).to_contain_text("correction added")


def test_a_version_is_rolled_back_and_forward_with_a_confirmed_click(desk: Page, newsroom: Running) -> None:
    """One click opens the question, one gives readers the other version; and the same way forward again."""
    newsroom.command("train")
    desk.goto("/desk/nights")
    versions = desk.get_by_role("row").locator("th a")
    newest, older = versions.nth(0).inner_text(), versions.nth(1).inner_text()
    await_version(desk, newest)
    for way, version in (("Roll back", older), ("Roll forward", newest)):
        row = desk.get_by_role("row", name=version)
        row.get_by_text(way).click()
        row.get_by_role("button", name=f"Give readers {version}").click()
        expect(desk.get_by_role("row", name=version)).to_contain_text("readers see it")
        await_version(desk, version)
    desk.goto("/desk/trace")
    expect(desk.get_by_role("row").nth(1)).to_contain_text("model rolled back")


def reach(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    for _ in range(80):
        if wanted.evaluate("wanted => wanted === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the Tab key does not reach {wanted}")


@pytest.mark.usefixtures("undone")
def test_the_keyboard_is_enough(desk: Page) -> None:
    """Find an article, ask why it is listed, pin another beside it and undo that, without a pointer."""
    reach(desk, desk.get_by_role("navigation", name="Desk").get_by_role("link", name="Article"))
    desk.keyboard.press("Enter")
    expect(desk.get_by_label("Find an article")).to_be_focused()
    desk.keyboard.type("election night civ")
    found = desk.locator("#found").get_by_role("link").first
    expect(found).to_be_visible()
    reach(desk, found)
    desk.keyboard.press("Enter")
    why = desk.locator("summary", has_text="Why").first
    expect(why).to_be_visible()
    reach(desk, why)
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("table").first).to_be_visible()
    desk.goto("/desk/corrections")
    reach(desk, desk.get_by_role("radio", name="Pin"))
    reach(desk, desk.get_by_label("Article id"))
    desk.keyboard.type(OTHER)
    reach(desk, desk.get_by_label("Reason"))
    desk.keyboard.type("without a pointer")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("status")).to_contain_text("Pinned to place 1")
    reach(desk, desk.get_by_role("status").get_by_role("button", name="Undo"))
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("status")).to_contain_text("Undone")


# How the pages are


def every_page(desk: Page) -> Iterator[str]:
    """Open each page of the desk in turn: those the navigation leads to, and those behind them."""
    desk.goto("/desk/")
    rooms = [
        link.get_attribute("href") or ""
        for link in desk.get_by_role("navigation", name="Desk").get_by_role("link").all()
    ]
    assert len(rooms) >= 5
    run = desk.request.get("/v1/desk/nights").json()["nights"][0]["run"]
    behind = [
        f"/desk/article?article_id={STORY}&other_id={OTHER}",
        f"/desk/corrections?article_id={STORY}",
        f"/desk/nights/run?run={run}",
        f"/desk/nights/difference?old={run}&new={run}",
    ]
    for path in (*rooms, *behind):
        desk.goto(path)
        yield path
    desk.context.clear_cookies()
    desk.goto("/desk/sign-in")
    yield "/desk/sign-in"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_keeps_anybody_out(desk: Page, scheme: str) -> None:
    """axe finds nothing serious on any page."""
    desk.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    found: list[str] = []
    for path in every_page(desk):
        # What is in a frame has tests of its own; nothing runs there, axe neither.
        for violation in Axe().run(desk, options={"iframes": False}).response["violations"]:
            if violation["impact"] in {"serious", "critical"}:
                found += [f"{path}: {violation['id']} at {node['target']}" for node in violation["nodes"]]
    assert found == []


def test_no_page_is_wider_than_a_phone(desk: Page) -> None:
    """Nothing has to be scrolled sideways; wide tables scroll by themselves."""
    desk.set_viewport_size({"width": 390, "height": 800})
    wide = [
        path for path in every_page(desk) if not desk.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ]
    assert wide == []


def test_a_phone_shows_in_which_room_it_is(desk: Page) -> None:
    """Of the row of rooms, wider than a phone, the open one is in sight."""
    desk.set_viewport_size({"width": 390, "height": 800})
    desk.get_by_role("navigation").get_by_role("link", name="People").click()
    here = desk.locator(".rooms [aria-current]")
    expect(here).to_have_text("People")
    expect(here).to_be_in_viewport(ratio=0.9)
