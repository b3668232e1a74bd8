"""Receipts: what they say comes back, and nobody else can write one."""

from __future__ import annotations

import re
import string
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from recommender.answers import Source
from recommender.clicks.clicks import Clicks
from recommender.clicks.receipt import Receipt, Receipts
from recommender.redis.keys import Keys
from recommender.redis.salts import Salts
from recommender.view import View

NOW = 1_750_000_123.456
DAY_S = 86_400
RECEIPT = Receipt(
    NOW,
    {"related": ("pinned", "related", "related", "section", "latest", "latest"), "trending": ("trending",) * 5},
    "bolder",
)

lists = st.lists(st.sampled_from(["pinned", "related", "trending", "section", "latest"]), max_size=50).map(tuple)


@pytest.fixture
def receipts(redis: Redis, keys: Keys) -> Receipts:
    return Clicks(redis, keys).receipts


class NoRedis(Salts):
    """Salts that need no server."""

    def __init__(self) -> None:
        pass

    def of(self, day: int) -> str:
        return str(day)


@given(related=lists, trending=lists, variant=st.text(string.ascii_letters + string.digits + "-_", max_size=32))
def test_what_a_receipt_says_comes_back(
    related: tuple[Source, ...], trending: tuple[Source, ...], variant: str
) -> None:
    """Whatever the boxes hold, in a text that a view may name and a URL may hold."""
    receipt = Receipt(NOW, {"related": related, "trending": trending}, variant)
    text = Receipts(NoRedis()).write(receipt)
    assert Receipts(NoRedis()).read(text, now=NOW) == receipt
    assert re.fullmatch(r"[\w.-]+", text, re.ASCII)
    assert View.model_validate({"article_id": "a", "request_id": text}).request_id == text


def test_an_ordinary_receipt_is_short(receipts: Receipts) -> None:
    """Six related and five trending with a variant: under a hundred characters."""
    assert len(receipts.write(RECEIPT)) < 100


def test_a_receipt_lasts_a_day(receipts: Receipts) -> None:
    """To the second, and over midnight."""
    text = receipts.write(RECEIPT)
    assert receipts.read(text, now=NOW + DAY_S - 1) == RECEIPT
    assert receipts.read(text, now=NOW + DAY_S + 1) is None


def test_a_receipt_with_any_character_changed_is_none(receipts: Receipts) -> None:
    """Of another place, source, box, variant or moment: whatever is not as it was signed."""
    text = receipts.write(RECEIPT)
    # The last character of a signature carries two bits that say nothing.
    for place, other in product(range(len(text) - 1), "0pr.-_Z"):
        if text[place] != other:
            assert receipts.read(text[:place] + other + text[place + 1 :], now=NOW) is None
    for other in ("", ".", text + "A", "é", "x" * 256, text.replace(".", ""), 32 * "0"):
        assert receipts.read(other, now=NOW) is None


def test_every_process_of_a_site_reads_a_receipt_and_no_other_site(redis: Redis, keys: Keys) -> None:
    """Workers share the key through Redis; the site next door in the same Redis has its own."""
    text = Clicks(redis, keys).receipts.write(RECEIPT)
    assert Clicks(redis, keys).receipts.read(text, now=NOW) == RECEIPT
    assert Clicks(redis, Keys("next-door")).receipts.read(text, now=NOW) is None


def test_keys_go_when_no_receipt_needs_them(redis: Redis, keys: Keys, receipts: Receipts) -> None:
    """A key lives for two days and an hour."""
    receipts.write(RECEIPT)
    assert 0 < redis.ttl(keys.receipt_key(int(NOW // DAY_S))) <= 2 * DAY_S + 3600
