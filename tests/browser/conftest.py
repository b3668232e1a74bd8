"""A real browser before a real service; without a browser the tests are skipped by name, and in CI they fail."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.host import Host, hosting
from tests.running import Running, running

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs a Chromium or Chrome on PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The sample newsroom, without simulated readers."""
    data_dir: Path = tmp_path_factory.mktemp("newsroom")
    # A busy machine must not look like a dead Redis.
    with running("up", data_dir, "--no-simulate", redis_timeout_ms="500") as service:
        yield service


@pytest.fixture
def context(browser: Browser, newsroom: Running) -> Iterator[BrowserContext]:
    """A reader's browser: a fresh profile, and the name of a real browser (the headless one is a bot by its name)."""
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
    context = browser.new_context(base_url=newsroom.address, user_agent=agent)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that fails the test when a script fails or the content policy stops something."""
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield page
    assert problems == []


@pytest.fixture
def host(newsroom: Running) -> Iterator[Host]:
    """Somebody else's site that uses the service."""
    with hosting(newsroom.address) as host:
        yield host


@pytest.fixture
def desk(page: Page, newsroom: Running) -> Page:
    """The desk, signed in."""
    name, password = newsroom.editor
    page.goto("/desk/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk/*")
    return page
