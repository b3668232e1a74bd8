"""Requests that no reader made."""

from __future__ import annotations

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from recommender.trending.bots import filter_reason, is_bot
from tests.conftest import BROWSER

READERS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Gecko/20100101 Firefox/144.0",
    "",
]


def test_every_agent_of_the_public_list_is_known() -> None:
    """Each of the agents that the list gives as instances of its bots is one."""
    agents = [agent for entry in CRAWLER_USER_AGENTS_DATA for agent in entry["instances"]]
    assert len(agents) > 1000
    assert [agent for agent in agents if not is_bot(agent)] == []


@pytest.mark.parametrize("agent", READERS)
def test_readers_browsers_are_none(agent: str) -> None:
    assert not is_bot(agent)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (BROWSER, ""),
        (BROWSER | {"Sec-Purpose": "prefetch"}, "prefetch"),
        (BROWSER | {"Sec-Purpose": "prefetch;prerender"}, "prefetch"),
        (BROWSER | {"Purpose": "prefetch"}, "prefetch"),
        (BROWSER | {"X-Moz": "prefetch"}, "prefetch"),
        ({"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}, "bot"),
        ({"User-Agent": "python-requests/2.32"}, "bot"),
    ],
)
def test_why_a_view_is_no_readers(headers: dict[str, str], reason: str) -> None:
    """Named by the public list, or loaded ahead of a visit that may never come."""
    assert filter_reason(headers) == reason
