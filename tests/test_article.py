"""What is an article, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.article import MAX_BODY_CHARS, parse_article, section_key
from recommender.errors import ArticleError
from tests.newsroom import article

LEAST: dict[str, Any] = {"id": "a", "title": "T", "url": "https://news.example/a"}


def test_three_fields_are_enough() -> None:
    """An article needs an id, a title and an address; the rest has defaults."""
    parsed = parse_article(LEAST)
    assert (parsed.id, parsed.title, parsed.url) == ("a", "T", "https://news.example/a")
    assert (parsed.body, parsed.tags, parsed.section, parsed.withdrawn) == ("", (), None, False)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("id", "", "id: Field required"),
        ("id", " a", "id: no control characters"),
        ("id", "a\x00b", "id: no control characters"),
        ("id", "a\u2028b", "id: no control characters"),
        ("id", "x" * 129, "id: Value should have at most 128"),
        ("id", True, "id: Input should be a valid string"),
        ("title", " \t\n ", "title: is empty"),
        ("title", ["T"], "title: Input should be a valid string"),
        ("url", "javascript:alert(1)", "url: URL scheme"),
        ("url", "https://news.example/\r\nSet-Cookie: a=b", "url: must not hold"),
        ("url", 'https://news.example/"onclick="', "url: must not hold"),
        ("url", "/relative", "url: "),
        ("image_url", "data:image/svg+xml,<svg/>", "image_url: "),
        ("language", "English, I think", "language: "),
        ("published_at", "yesterday", "published_at: not an RFC 3339"),
        ("published_at", 1465413032, "published_at: not an RFC 3339"),
        ("published_at", "0001-01-01T00:00:00+14:00", "published_at: outside the calendar"),
        ("body", "x" * (MAX_BODY_CHARS + 1), "body: String should have at most"),
        ("withdrawn", "perhaps", "withdrawn: "),
    ],
)
def test_what_is_wrong_is_named(field: str, value: object, message: str) -> None:
    """A record that is no article is refused with the name of the field and the reason."""
    with pytest.raises(ArticleError, match=f"^{message}"):
        parse_article(LEAST | {field: value})


@pytest.mark.parametrize("record", [b"", b"[1]", b"null", b'"a"', b"[" * 200_000, b'{"id": "\\ud800"}', b"\xff"])
def test_json_that_is_no_article_is_refused(record: bytes) -> None:
    """Whatever JSON or bytes come in, the answer is one clear refusal."""
    with pytest.raises(ArticleError):
        parse_article(record)


@pytest.mark.parametrize(
    ("given_date", "utc"),
    [
        ("2013-01-01T11:10:00-05:00", datetime(2013, 1, 1, 16, 10, tzinfo=UTC)),
        ("2013-01-01T11:10:00Z", datetime(2013, 1, 1, 11, 10, tzinfo=UTC)),
        ("2013-01-01T11:10:00", datetime(2013, 1, 1, 11, 10, tzinfo=UTC)),
        ("2013-01-01", datetime(2013, 1, 1, tzinfo=UTC)),
    ],
)
def test_dates_are_in_utc(given_date: str, utc: datetime) -> None:
    """A zone is honoured; a date without one is UTC."""
    assert parse_article(LEAST | {"published_at": given_date}).published_at == utc


def test_lists_come_as_lists_or_with_bars() -> None:
    """CSV writes lists with bars; blanks and repeats are dropped either way."""
    assert parse_article(LEAST | {"tags": "nato| summit ||nato"}).tags == ("nato", "summit")
    assert parse_article(LEAST | {"authors": ["A", "", "B"]}).authors == ("A", "B")


def test_numbers_serve_as_ids_and_unknown_fields_are_left_out() -> None:
    """A database's number is an id, and what nobody knows is no error."""
    parsed = parse_article(LEAST | {"id": -8845298781299428018, "colour": "red"})
    assert parsed.id == "-8845298781299428018"
    assert "colour" not in parsed.model_dump()


def test_sections_are_compared_without_case_and_spaces() -> None:
    """One section is not two because somebody typed it differently."""
    assert section_key(" World  News ") == section_key("world news") == "world news"
    assert section_key(None) == section_key("  ") == ""


@given(st.text(max_size=200))
def test_titles_are_one_line(text: str) -> None:
    """No title holds a line break or control character, whatever was given."""
    try:
        title = parse_article(LEAST | {"title": text}).title
    except ArticleError:
        return
    assert title == " ".join(title.split())
    assert not any(character < " " for character in title)


def test_the_digest_changes_with_any_field() -> None:
    """Two articles have one digest only when they are equal."""
    same = article("a", body="b")
    changes: list[dict[str, Any]] = [{"body": "c"}, {"tags": ["t"]}, {"withdrawn": True}, {"section": "S"}]
    assert article("a", body="b").digest() == same.digest()
    assert len({article("a", **({"body": "b"} | change)).digest() for change in changes} | {same.digest()}) == 5
