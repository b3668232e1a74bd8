"""Experiments in a browser: each reader one variant, in the address and in the list; nobody who may not be counted."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, expect

from recommender.experiments.assignment import bounds, factor
from tests.browser.host import Host
from tests.conftest import BROWSER
from tests.experiments.trying import request
from tests.running import Running

STORY = "football-final-live-report"
READER = "recommender:reader"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def leaders(newsroom: Running) -> tuple[str, str]:
    """An old article that is the most viewed, and a new one that trends."""
    with httpx.Client(base_url=newsroom.address, headers=BROWSER, trust_env=False) as client:
        newest = client.get("/v1/trending?limit=50").json()["items"]
        dated = sorted((item for item in newest if item["published_at"]), key=lambda item: str(item["published_at"]))
        old, new = dated[0]["id"], dated[-1]["id"]
        for article_id, views in ((old, 60), (new, 40)):
            for number in range(views):
                view = {"article_id": article_id, "visitor_id": f"{article_id} {number}"}
                assert client.post("/v1/views", json=view).status_code == 202
    return old, new


class Trial(NamedTuple):
    """A running experiment, trending against most viewed, and the article that leads each list."""

    name: str
    leaders: dict[str, str]


@pytest.fixture
def trial(newsroom: Running, leaders: tuple[str, str]) -> Iterator[Trial]:
    name = f"viewed-{datetime.now(UTC):%H%M%S%f}"
    with httpx.Client(base_url=newsroom.address, auth=newsroom.editor, trust_env=False) as desk:
        wanted = request(name=name, ends_at=datetime.now(UTC) + timedelta(days=1)).model_dump(mode="json")
        assert desk.post("/v1/desk/experiments", json=wanted).status_code == 201
        while any(desk.get("/v1/experiment").json()["experiment"] != name for _ in range(8)):
            pass  # every worker has to hear of it
        yield Trial(name, {"viewed": leaders[0], "control": leaders[1]})
        assert desk.delete("/v1/desk/experiments", params={"name": name}).status_code == 200


def number_of(experiment: str, variant: str) -> float:
    """Return a number that a browser may have drawn, and that makes it one of a variant."""
    ends = bounds(request(name=experiment).shares)
    for number in (step / 1000 for step in count(1)):
        part = number * factor(experiment) % 1
        if next(name for name, end in ends.items() if part < end) == f"{experiment}_{variant}":
            return number
    raise AssertionError


def visit(browser: Browser, address: str, number: float | None) -> tuple[Page, list[str | None]]:
    """Open a page in a browser of its own; return it with the variant of each of its requests for boxes."""
    reader = browser.new_context(user_agent=BROWSER["User-Agent"], viewport={"width": 1280, "height": 1600})
    page, asked = reader.new_page(), list[str | None]()

    def keep(sent: Request) -> None:
        if "/v1/widgets" in sent.url:
            asked.append(parse_qs(urlsplit(sent.url).query).get("variant", [None])[0])

    page.on("request", keep)
    if number is not None:
        page.add_init_script(f"localStorage['{READER}'] ??= {number}")
    page.goto(address)
    return page, asked


def expect_leader(page: Page, article_id: str) -> None:
    expect(page.locator(f"section[data-box=trending] li:first-child a[data-id='{article_id}']")).to_be_attached()


@pytest.mark.parametrize("place", ["host", "site"])
def test_two_readers_get_two_variants(
    browser: Browser, host: Host, newsroom: Running, trial: Trial, place: str
) -> None:
    """Different addresses and lists, the same again at every visit; boxes that came as HTML are asked for anew."""
    address = f"{host.address}/?id={STORY}" if place == "host" else f"{newsroom.address}/articles/{STORY}"
    for variant, leader in trial.leaders.items():
        page, asked = visit(browser, address, number_of(trial.name, variant))
        expect_leader(page, leader)
        page.reload()
        expect_leader(page, leader)
        assert set(asked) == {f"{trial.name}_{variant}"}  # the browser may refresh what it keeps by itself
        page.context.close()


def test_what_is_seen_is_counted_for_its_variant(browser: Browser, host: Host, newsroom: Running, trial: Trial) -> None:
    """The impression of a variant's list is in the experiment's figures."""
    page, _ = visit(browser, f"{host.address}/?id={STORY}", number_of(trial.name, "viewed"))
    page.wait_for_event("response", lambda answer: answer.url.endswith("/v1/impressions"))
    page.context.close()
    found = httpx.get(f"{newsroom.address}/v1/desk/experiments", auth=newsroom.editor, trust_env=False).json()
    boxes = found["experiments"][0]["report"]["boxes"]
    shown = {one["variant"]: one["impressions"] for box in boxes for one in box["variants"] if one["impressions"]}
    assert shown == {f"{trial.name}_viewed": 1}


def test_who_may_not_be_counted_is_in_no_experiment(browser: Browser, host: Host, trial: Trial) -> None:
    """No variant in the address, and nothing kept; with consent a number is drawn and stays."""
    host.page = lambda name: host.plain(name, script='data-count="off"')
    page, asked = visit(browser, f"{host.address}/?id={STORY}", None)
    expect_leader(page, trial.leaders["control"])
    assert asked == [None]
    assert page.evaluate("localStorage.length") == 0
    page.evaluate("recommender.count(true)")
    page.evaluate("recommender.render({ articleId: 'city-budget-vote' })")
    assert 0 < float(page.evaluate(f"localStorage['{READER}']")) < 1
    assert str(asked[-1]).startswith(trial.name)
    page.context.close()


def test_a_page_may_name_the_variant_itself(browser: Browser, host: Host, trial: Trial) -> None:
    """As a site does that knows its readers; nothing is drawn then."""
    host.page = lambda name: host.plain(name, script=f'data-variant="{trial.name}_viewed"')
    page, asked = visit(browser, f"{host.address}/?id={STORY}", None)
    expect_leader(page, trial.leaders["viewed"])
    assert asked == [f"{trial.name}_viewed"]
    assert page.evaluate("localStorage.length") == 0
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_desks_page_keeps_nobody_out(browser: Browser, newsroom: Running, trial: Trial, scheme: str) -> None:
    """While one runs: axe finds nothing serious, and nothing is wider than a phone."""
    proof = b64encode(":".join(newsroom.editor).encode()).decode()
    page = browser.new_page(
        base_url=newsroom.address,
        color_scheme="dark" if scheme == "dark" else "light",
        extra_http_headers={"Authorization": f"Basic {proof}"},
        viewport={"width": 390, "height": 800},
    )
    for path in ("/desk/experiments", f"/desk/experiments/one?name={trial.name}"):
        page.goto(path)
        expect(page.get_by_text("No winner is called before").first).to_be_visible()
        found = Axe().run(page).response["violations"]
        assert [one["id"] for one in found if one["impact"] in {"serious", "critical"}] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()
