"""Corrections as readers see them: pinned, banned, boosted, marked, and undone."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.answers import Item
from recommender.desk.conflicts import notes
from recommender.desk.correction import Correction, CorrectionRequest
from recommender.desk.correction_table import read_table, request_of, written_table
from recommender.desk.rules import Rulebook
from recommender.errors import CorrectionRefused
from recommender.intake import withdraw
from recommender.redis.embedded import EmbeddedRedis
from recommender.related.packing import pack
from recommender.service import Service, open_service
from recommender.view import View
from tests.conftest import Publish
from tests.newsroom import article

NOW = datetime.now(UTC)
Correct = Callable[..., Correction]


@pytest.fixture(autouse=True)
def newsroom(service: Service, publish: Publish) -> None:
    """Six articles of World, the first the newest, and two of Sport; w0 lists w1 to w4; w1 to w3 trend, and s0."""
    publish(*(article(f"w{n}", section="World", published_at=NOW - timedelta(hours=n)) for n in range(6)))
    publish(*(article(f"s{n}", section="Sport", published_at=NOW - timedelta(hours=n + 10)) for n in range(2)))
    with service.lists.publishing(lock_s=10, keep=3, now=NOW) as publication:
        publication.write(
            [("w0", pack({"w1": 0.9, "w2": 0.8, "w3": 0.7, "w4": 0.6})), ("w5", pack({"w1": 0.9, "w2": 0.8}))]
        )
        publication.publish({"lists": 2})
    for article_id, times in (("w1", 9), ("w2", 7), ("w3", 5), ("s0", 4)):
        for _ in range(times):
            service.counters.count(View(article_id=article_id), now=time.time())


@pytest.fixture
def correct(service: Service) -> Correct:
    def make(kind: str, article_id: str, **fields: Any) -> Correction:
        asked = {"kind": kind, "article_id": article_id, "reason": "a test"} | fields
        return service.corrections.add(CorrectionRequest.model_validate(asked), by="anna")

    return make


def ids(items: list[Item]) -> list[str]:
    assert [item.position for item in items] == list(range(1, len(items) + 1))
    return [item.id for item in items]


def related(service: Service, article_id: str = "w0", limit: int = 4) -> list[str]:
    return ids(service.boxes.related(article_id, limit=limit).items)


def trending(service: Service, section: str | None = None, limit: int = 3) -> list[str]:
    return ids(service.boxes.trending(limit=limit, section=section).items)


def test_a_pin_takes_its_place_and_the_others_close_up(service: Service, correct: Correct) -> None:
    """The article is there once, as pinned, wherever it stood before; undone, all is as it was."""
    before = related(service)
    pin = correct("pin", "w4", position=2, box="related", beside="w0")
    assert related(service) == ["w1", "w4", "w2", "w3"]
    assert [item.source for item in service.boxes.related("w0", limit=4).items][1] == "pinned"
    assert "w4" not in related(service, "w5", 2)
    service.corrections.undo(pin.id, by="anna")
    assert related(service) == before


def test_of_two_pins_in_one_place_the_newer_has_it(service: Service, correct: Correct) -> None:
    """The older takes the next free place; one whose place is beyond the box is not shown as pinned."""
    for number in (3, 4, 5):
        correct("pin", f"w{number}", position=1, box="related")
    assert related(service) == ["w5", "w4", "w3", "w1"]
    correct("pin", "s0", position=5, box="related", beside="w0")
    assert "s0" not in related(service)
    assert related(service, limit=5)[4] == "s0"


def test_a_pin_of_both_boxes_is_shown_in_one(service: Service, correct: Correct) -> None:
    """No article is twice on a page: where both have it pinned, it stands in Related."""
    correct("pin", "s1", position=1)
    answer = service.boxes.widgets("w0", related=3, trending=3)
    assert ids(answer.related.items)[0] == "s1"
    assert "s1" not in ids(answer.trending.items)
    assert trending(service)[0] == "s1"


def test_what_trending_pins_is_not_taken_by_related(service: Service, correct: Correct) -> None:
    correct("pin", "w1", position=1, box="trending")
    answer = service.boxes.widgets("w0", related=3, trending=3)
    assert ids(answer.trending.items)[0] == "w1"
    assert "w1" not in ids(answer.related.items)


def test_trending_is_corrected_by_section_or_in_all(service: Service, correct: Correct) -> None:
    """A dash is the list of all sections alone, a name that section's alone, nothing every list the article is of."""
    correct("pin", "s1", position=1, box="trending", section="sport")
    assert trending(service, "Sport", 2) == ["s1", "s0"]
    assert "s1" not in trending(service)
    correct("ban", "w1", box="trending", section="")
    assert trending(service)[0] == "w2"
    assert trending(service, "World", 2) == ["w1", "w2"]
    correct("pin", "s0", position=1, box="trending")
    assert trending(service)[0] == "s0"
    assert "s0" not in trending(service, "World")


@pytest.mark.parametrize(("box", "gone"), [("related", (1, 0)), ("trending", (0, 1)), ("both", (1, 1))])
def test_a_banned_article_is_out_of_the_box(
    service: Service, correct: Correct, box: str, gone: tuple[int, int]
) -> None:
    """Out of it however the box is filled, and of no other."""
    correct("ban", "w1", box=box)
    assert ("w1" not in related(service, limit=7), "w1" not in trending(service, limit=8)) == gone


def test_a_ban_outdoes_a_pin_and_holds_in_its_list_alone(service: Service, correct: Correct) -> None:
    correct("ban", "w1", box="related", beside="w0")
    correct("pin", "w1", position=1, box="related")
    assert "w1" not in related(service, limit=7)
    assert related(service, "w5")[0] == "w1"


def test_a_boost_changes_the_score_and_the_order(service: Service, correct: Correct) -> None:
    """The newer of two counts; what has no score, being filled up by the clock, is not moved."""
    correct("boost", "w3", factor=0.1, box="related", beside="w0")
    boost = correct("boost", "w3", factor=2, box="related")
    first = service.boxes.related("w0", limit=2).items[0]
    assert (first.id, first.score, first.source) == ("w3", 1.4, "related")
    correct("boost", "s0", factor=50, box="trending")
    assert trending(service)[0] == "s0"
    service.corrections.undo(boost.id, by="anna")
    assert related(service) == ["w1", "w2", "w4", "w3"]


def test_an_article_marked_sensitive_is_treated_as_one(service: Service, correct: Correct) -> None:
    """Out of Trending, even if pinned there, and beside its own section alone."""
    correct("sensitive", "w1")
    correct("pin", "w1", position=1)
    assert "w1" not in trending(service, limit=8)
    assert related(service)[0] == "w1"
    assert "w1" not in related(service, "s0", 7)


def test_a_withdrawn_article_stays_gone_though_pinned(service: Service, correct: Correct) -> None:
    """No correction puts it back, and the desk says why the pin is not seen."""
    pin = correct("pin", "w4", position=1)
    withdraw("w4", service.archive, service.catalogue)
    assert "w4" not in related(service, limit=7)
    assert "w4" not in trending(service, limit=8)
    everything = service.corrections.all()
    found = notes(everything, service.archive.cards([one.article_id for one in everything]), NOW)
    assert "withdrawn" in found[pin.id]
    with pytest.raises(CorrectionRefused, match="w4 is withdrawn"):
        correct("ban", "w4")


def test_corrections_hold_from_their_start_to_their_end(service: Service, correct: Correct) -> None:
    """Not before, not after, and told apart on the desk."""
    later = correct("ban", "w1", starts_at=NOW + timedelta(hours=1), ends_at=NOW + timedelta(hours=2))
    assert related(service)[0] == "w1"
    states = [later.state_at(NOW + timedelta(minutes=minutes)) for minutes in (59, 60, 119, 120)]
    assert states == ["to come", "in force", "in force", "over"]
    correct("ban", "w2", starts_at=NOW - timedelta(hours=1))
    assert "w2" not in related(service)


def test_every_process_sees_a_correction_within_a_second(
    service: Service, correct: Correct, redis_server: EmbeddedRedis
) -> None:
    """Another process, which read the corrections just before, goes by the new ones before the second is over."""
    with open_service(service.settings, redis_server.url) as other:
        assert related(other)[0] == "w1"
        made = time.monotonic()
        correct("ban", "w1")
        while related(other)[0] == "w1":
            assert time.monotonic() < made + 1


def test_corrections_hold_while_redis_is_away_and_after_it_lost_everything(
    service: Service, correct: Correct, tmp_path: Path
) -> None:
    """They lie on disk: a process that never saw Redis goes by them, and an emptied Redis changes nothing."""
    correct("pin", "s1", position=1)
    correct("ban", "w2")
    with open_service(service.settings, f"unix://{tmp_path}/nowhere.sock", timeout_s=0.1) as away:
        assert related(away, limit=7)[0] == "s1"
        assert "w2" not in related(away, limit=7)
    service.redis.flushall()
    assert related(service, limit=7)[0] == "s1"
    assert "w2" not in related(service, limit=7)


def test_a_correction_and_its_trace_are_written_in_one(service: Service, correct: Correct) -> None:
    """Who, what, before and after; and what was undone can be seen to the last field."""
    pin = correct("pin", "w4", position=2, box="related", beside="w0")
    service.corrections.undo(pin.id, by="berta")
    undone, added = service.trace.entries()
    assert (added.who, added.action, added.subject) == ("anna", "correction added", "w4")
    assert (undone.who, undone.action, undone.before, undone.after) == (
        "berta",
        "correction undone",
        added.after,
        None,
    )
    assert added.after == {
        "kind": "pin", "box": "related", "beside": "w0", "position": 2, "reason": "a test", "id": pin.id
    }  # fmt: skip
    with pytest.raises(CorrectionRefused, match="no correction"):
        service.corrections.undo(pin.id, by="berta")


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"kind": "pin"}, "position"),
        ({"kind": "ban", "position": 1}, "position"),
        ({"kind": "boost"}, "factor"),
        ({"kind": "boost", "factor": 0}, "factor"),
        ({"kind": "boost", "factor": float("nan")}, "factor"),
        ({"kind": "sensitive", "box": "related"}, "sensitive"),
        ({"kind": "ban", "box": "trending", "beside": "w0"}, "beside"),
        ({"kind": "ban", "box": "related", "section": "World"}, "section"),
        ({"kind": "ban", "beside": "w1"}, "beside"),
        ({"kind": "ban", "reason": " "}, "reason"),
        ({"kind": "ban", "starts_at": "2026-02-02T10:00", "ends_at": "2026-02-02T09:00"}, "ends_at"),
        ({"kind": "burn"}, "kind"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(asked: dict[str, Any], problem: str) -> None:
    fields = {"article_id": "w1", "reason": "a test"} | {name: str(value) for name, value in asked.items()}
    with pytest.raises(CorrectionRefused, match=problem):
        request_of(fields, ZoneInfo("UTC"))


def test_the_same_twice_the_unknown_and_the_past_are_refused(service: Service, correct: Correct) -> None:
    correct("ban", "w1")
    for fields, problem in (
        ({"kind": "ban", "article_id": "w1"}, "there already"),
        ({"kind": "ban", "article_id": "nobody"}, "no article nobody"),
        ({"kind": "ban", "article_id": "w2", "ends_at": NOW - timedelta(days=1)}, "passed"),
    ):
        with pytest.raises(CorrectionRefused, match=problem):
            correct(**fields)
    assert len(service.corrections.all()) == 1


def test_the_desk_says_which_corrections_stand_in_each_others_way(service: Service, correct: Correct) -> None:
    """Two pins in one place, a newer pin of the same article, a ban, a sensitive article; and nothing of others."""
    older = correct("pin", "w3", position=1, box="related")
    newer = correct("pin", "w4", position=1, box="related", beside="w0")
    again = correct("pin", "w4", position=2, box="related")
    banned = correct("pin", "w5", position=3)
    correct("ban", "w5", box="related", beside="w0")
    grave = correct("pin", "s0", position=1, box="trending")
    correct("sensitive", "s0")
    elsewhere = correct("pin", "s1", position=1, box="trending", section="Sport")
    found = notes(
        service.corrections.all(), service.archive.cards(["w0", *(f"w{n}" for n in range(6)), "s0", "s1"]), NOW
    )
    assert "place 1" in found.pop(older.id)
    assert "newer pin" in found.pop(newer.id)
    assert again.id not in found
    assert "ban" in found.pop(banned.id)
    assert "sensitive" in found.pop(grave.id)
    assert elsewhere.id not in found
    assert found == {}


# Tables


def test_a_table_is_read_as_it_was_written(service: Service, correct: Correct) -> None:
    """Every field survives, also texts that a spreadsheet would take for a formula."""
    correct("pin", "w4", position=2, box="related", beside="w0", reason="=1+1")
    correct("boost", "w1", factor=1.5, box="trending", section="", ends_at=NOW + timedelta(days=1))
    correct("ban", "w2", section="World", reason='\'twas, "wrong"\nsaid she')
    text = written_table(service.corrections.all())
    assert not any(cell.startswith("=") for cell in text.split(","))
    requests, problems = read_table(text, ZoneInfo("UTC"))
    assert problems == {}
    known = [one.model_dump(exclude={"id", "by", "made_at"}) for one in service.corrections.all()]
    assert [one.model_dump() for one in requests.values()] == known


def test_bad_rows_are_reported_and_the_others_taken(service: Service) -> None:
    """Each with its line; moments without a zone are in the desk's."""
    text = (
        "kind,article_id,reason,ends_at,whatever\n"
        "ban,w1,why,2099-06-01T12:00,x\n"
        "pin,w2,why,,\n"
        "ban,w3,,,\n"
        "ban,w4,why,soon,\n"
    )
    requests, problems = read_table(text, ZoneInfo("Europe/Stockholm"))
    assert list(requests) == [2]
    assert requests[2].ends_at == datetime(2099, 6, 1, 10, tzinfo=UTC)
    assert {line: text.split(":")[0] for line, text in problems.items()} == {3: "position", 4: "reason", 5: "ends_at"}
    with pytest.raises(CorrectionRefused, match="article_id"):
        read_table("a,b\n1,2\n", ZoneInfo("UTC"))
    outcomes = service.corrections.add_all([*requests.values(), *requests.values()], by="anna")
    assert isinstance(outcomes[0], Correction)
    assert outcomes[1] == "the same correction is there already"


@given(st.text(max_size=2000))
def test_no_table_is_a_crash(text: str) -> None:
    """Whatever is uploaded is read, reported or refused."""
    for table in (text, "kind,article_id,reason,position\n" + text):
        with contextlib.suppress(CorrectionRefused):
            read_table(table, ZoneInfo("UTC"))


# The rules against a slow, obvious reference


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["pin", "ban"]),
            st.sampled_from("abcdef"),
            st.integers(1, 6),
            st.sampled_from([None, "x", "y"]),
        ),
        max_size=8,
    )
)
def test_rules_are_what_reading_the_corrections_in_turn_gives(drawn: list[tuple[str, str, int, str | None]]) -> None:
    """For a list: bans first; of pins of one article the last made."""
    made = [
        Correction.model_validate(
            {"kind": kind, "article_id": one, "box": "related", "beside": beside, "reason": "r", "id": str(number),
             "by": "a", "made_at": NOW + timedelta(seconds=number)} | ({"position": place} if kind == "pin" else {})
        )
        for number, (kind, one, place, beside) in enumerate(drawn)
    ]  # fmt: skip
    rules = Rulebook(made[::-1]).of("related", "x")
    here = [one for one in made if one.beside in {None, "x"}]
    banned = {one.article_id for one in here if one.kind == "ban"}
    pins = {one.article_id: one.position for one in here if one.kind == "pin" and one.article_id not in banned}
    assert rules.banned == banned
    assert dict(rules.pins) == pins
    last = {one.article_id: number for number, one in enumerate(here) if one.article_id in pins and one.kind == "pin"}
    assert list(rules.pins) == sorted(pins, key=lambda one: -last[one])
