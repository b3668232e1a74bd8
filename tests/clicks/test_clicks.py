"""Impressions and clicks, held against a plain recount."""

from __future__ import annotations

import random
from collections import Counter
from itertools import product

import pytest
from redis import Redis

from recommender.answers import BOXES, BoxName, Source
from recommender.clicks.clicks import Clicks, Outcome
from recommender.clicks.impression import Impression
from recommender.clicks.receipt import Receipt
from recommender.redis.keys import Keys
from recommender.trending.counters import Outcome as ViewOutcome
from recommender.view import View

DAY_S = 86_400
MEMORY_S = 1800
MIDNIGHT = 20_254 * DAY_S
NOON = MIDNIGHT + DAY_S // 2
SOURCES: tuple[Source, ...] = ("pinned", "related", "related", "section", "latest", "latest")


@pytest.fixture
def clicks(redis: Redis, keys: Keys) -> Clicks:
    return Clicks(redis, keys)


def receipt_of(clicks: Clicks, now: float = NOON, variant: str = "") -> str:
    return clicks.receipts.write(Receipt(now, {"related": SOURCES, "trending": ("trending",) * 5}, variant))


def see(clicks: Clicks, request_id: str, box: BoxName = "related", who: str = "ada", now: float = NOON) -> Outcome:
    return clicks.show(Impression(request_id=request_id, box=box, visitor_id=who), now=now, visitor="")


def click(
    clicks: Clicks,
    request_id: str,
    position: int,
    *,
    box: str = "related",
    who: str = "ada",
    now: float = NOON,
    became: ViewOutcome = "counted",
) -> Outcome | None:
    view = View(article_id="a", visitor_id=who, source=box, request_id=request_id, position=position)
    found = clicks.follow(view, became, now=now, visitor="")
    return found[1] if found else None


def places(clicks: Clicks, now: float = NOON, days: int = 1) -> dict[tuple[str, int], tuple[int, int]]:
    """Return impressions and clicks by box and place."""
    return {(one.box, one.position): (one.impressions, one.clicks) for one in clicks.tallies(now=now, days=days)}


class Recount:
    """The same rules, slow and plain: everything that was ever shown and clicked."""

    def __init__(self) -> None:
        self.sums: Counter[tuple[object, ...]] = Counter()
        self._shown: dict[tuple[str, BoxName, str], tuple[float, set[int]]] = {}

    def see(self, text: str, receipt: Receipt, box: BoxName, who: str, now: float) -> Outcome:
        if now - self._shown.get((text, box, who), (0.0,))[0] < MEMORY_S:
            return "repeat"
        self._shown[text, box, who] = now, set()
        for place in range(len(receipt.boxes[box]) + 1):
            self._add("impressions", receipt, box, place, now)
        return "counted"

    def click(self, text: str, receipt: Receipt, box: BoxName, who: str, now: float, *, position: int) -> Outcome:
        seen, clicked = self._shown.get((text, box, who), (0.0, set[int]()))
        if position > len(receipt.boxes[box]):
            return "foreign"
        if now - seen >= MEMORY_S:
            return "unseen"
        if position in clicked:
            return "repeat"
        for place in [position] if clicked else [position, 0]:
            self._add("clicks", receipt, box, place, seen)
        clicked.add(position)
        return "counted"

    def _add(self, kind: str, receipt: Receipt, box: BoxName, place: int, second: float) -> None:
        source = receipt.boxes[box][place - 1] if place else ""
        self.sums[int(second // DAY_S), box, place, source, receipt.variant, kind] += 1


def some_receipt(chance: random.Random, now: float) -> Receipt:
    boxes = {box: tuple(chance.choices(SOURCES, k=chance.randint(1, 8))) for box in BOXES}
    return Receipt(round(now, 3), boxes, chance.choice(["", "bolder", "a-b"]))


def test_a_simulated_day_comes_to_what_a_plain_recount_gives(clicks: Clicks) -> None:
    """Readers see boxes and click, once or often, some without having seen them or too late, from noon to noon."""
    chance, recount = random.Random(3), Recount()
    answers: list[tuple[str, Receipt]] = []
    outcomes: Counter[tuple[str, str | None]] = Counter()
    for moment in sorted(chance.uniform(NOON, NOON + DAY_S) for _ in range(4000)):
        if not answers or chance.random() < 0.1:
            receipt = some_receipt(chance, moment)
            answers.append((clicks.receipts.write(receipt), receipt))
        text, receipt = chance.choice(answers[-6:])
        box, who, position = chance.choice(BOXES), chance.choice("ab"), chance.randint(1, 8)
        if chance.random() < 0.5:
            outcome: Outcome | None = see(clicks, text, box, who, moment)
            assert outcome == recount.see(text, receipt, box, who, moment)
            outcomes["see", outcome] += 1
        else:
            outcome = click(clicks, text, position, box=box, who=who, now=moment)
            assert outcome == recount.click(text, receipt, box, who, moment, position=position)
            outcomes["click", outcome] += 1
    assert min(outcomes[key] for key in product(["see", "click"], ["counted", "repeat"])) > 20
    assert outcomes["click", "unseen"] > 20
    tallies = clicks.tallies(now=NOON + DAY_S, days=2)
    found = Counter(
        {
            (one.day, one.box, one.position, one.source, one.variant, kind): number
            for one in tallies
            for kind, number in (("impressions", one.impressions), ("clicks", one.clicks))
        }
    )
    assert +found == recount.sums
    assert all(one.clicks <= one.impressions for one in tallies)


def test_one_impression_counts_every_place_and_the_box_as_a_whole(clicks: Clicks) -> None:
    """Place 0 stands for the box; two clicks in it are one reader who clicked."""
    request_id = receipt_of(clicks)
    assert see(clicks, request_id) == "counted"
    assert [click(clicks, request_id, place) for place in (2, 5, 2)] == ["counted", "counted", "repeat"]
    assert places(clicks) == {("related", place): (1, int(place in {0, 2, 5})) for place in range(7)}


def test_readers_behind_a_cache_share_a_receipt(clicks: Clicks) -> None:
    """One answer, many readers: each counts, and each once."""
    request_id = receipt_of(clicks)
    for who in ("ada", "ben", "eve", "ben"):
        see(clicks, request_id, who=who)
    assert [click(clicks, request_id, 1, who=who) for who in ("ben", "eve", "eve")] == ["counted", "counted", "repeat"]
    assert places(clicks)["related", 1] == (3, 2)


def test_a_click_counts_only_for_those_who_were_shown_the_box(clicks: Clicks) -> None:
    """Of the same visitor, answer and box, and within half an hour."""
    request_id = receipt_of(clicks)
    see(clicks, request_id)
    assert click(clicks, request_id, 1, who="ben") == "unseen"
    assert click(clicks, request_id, 1, box="trending") == "unseen"
    assert click(clicks, receipt_of(clicks, NOON + 1), 1) == "unseen"
    assert click(clicks, request_id, 1, now=NOON + MEMORY_S) == "unseen"
    assert click(clicks, request_id, 1, now=NOON + MEMORY_S - 1) == "counted"


def test_a_reader_who_goes_back_to_an_article_has_clicked_and_a_bot_has_not(clicks: Clicks) -> None:
    """A repeated view is a click; what views are filtered for filters clicks too."""
    request_id = receipt_of(clicks)
    see(clicks, request_id)
    filtered: list[ViewOutcome] = ["bot", "prefetch", "network", "unknown"]
    for became in filtered:
        assert click(clicks, request_id, 1, became=became) == became
    assert click(clicks, request_id, 1, became="repeat") == "counted"
    assert click(clicks, request_id, 2, became="replayed") == "counted"


def test_views_without_a_click_are_none(clicks: Clicks) -> None:
    """From elsewhere, or without place or receipt."""
    for fields in (
        {"source": "newsletter", "request_id": "x", "position": 1},
        {"source": "related", "position": 1},
        {},
    ):
        view = View.model_validate({"article_id": "a", **fields})
        assert clicks.follow(view, "counted", now=NOON, visitor="") is None


def test_over_midnight_a_click_belongs_to_the_day_it_was_shown(clicks: Clicks) -> None:
    """And the visitor is known although the salt is another."""
    request_id, night = receipt_of(clicks, MIDNIGHT - 60), MIDNIGHT - 30
    see(clicks, request_id, now=night)
    assert see(clicks, request_id, now=MIDNIGHT + 30) == "repeat"
    assert click(clicks, request_id, 1, now=MIDNIGHT + 30) == "counted"
    assert places(clicks, now=night)["related", 1] == (1, 1)


def test_ten_thousand_forged_receipts_add_nothing(redis: Redis, clicks: Clicks) -> None:
    """Signatures that are none, and genuine ones with other places: no key, no field, not one byte of counts."""
    genuine = receipt_of(clicks)
    head, _, signature = genuine.rpartition(".")
    before = set(redis.keys("*"))
    for number in range(5000):
        for forged in (f"{number:032x}", f"{head}{number}.{signature}"):
            assert see(clicks, forged, who=f"v{number}") == "foreign"
            assert click(clicks, forged, 1, who=f"v{number}") == "foreign"
    assert set(redis.keys("*")) == before
    assert clicks.tallies(now=NOON, days=3) == []


def test_a_genuine_receipt_adds_the_same_few_fields_however_often(redis: Redis, keys: Keys, clicks: Clicks) -> None:
    """A thousand answers of one shape to a thousand visitors: one hash with a field for each place and kind."""
    for number in range(1000):
        request_id = receipt_of(clicks, NOON + number)
        see(clicks, request_id, who=f"v{number}", now=NOON + number)
        click(clicks, request_id, number % 6 + 1, who=f"v{number}", now=NOON + number)
    assert redis.hlen(keys.clicks(int(NOON // DAY_S))) == 2 * (len(SOURCES) + 1)


def test_everything_expires(redis: Redis, keys: Keys) -> None:
    """What a visitor was shown after the memory, sums after the days they are kept."""
    clicks = Clicks(redis, keys, memory_s=600, kept_days=7)
    see(clicks, receipt_of(clicks))
    assert all(redis.ttl(key) > 0 for key in redis.keys("*"))
    assert redis.ttl(keys.clicks(int(NOON // DAY_S))) <= 7 * DAY_S
    (shown,) = redis.keys(keys.shown("*"))
    assert redis.ttl(shown) <= 600
