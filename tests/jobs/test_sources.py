"""Files of JSON Lines and CSV, and how a source's kind is told."""

from __future__ import annotations

import csv
import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jobs.sources
from jobs.sources import Record, Unreadable, read_source
from jobs.sources.document import MAX_LINE_BYTES
from jobs.sources.table import MAX_FIELD_CHARS
from recommender.article import Article, parse_article
from recommender.errors import SourceError

ARTICLE = {
    "id": "a1",
    "title": "Ferry is back",
    "url": "https://news.example/a1",
    "body": 'It "sails",\nagain.',
    "tags": ["Harbour", "Ferries"],
    "published_at": "2024-03-05T10:00:00Z",
}
LINE = json.dumps(ARTICLE).encode() + b"\n"

Write = Callable[[str, bytes | str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, content: bytes | str) -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


def articles(source: str) -> list[Article]:
    records = list(read_source(source))
    assert all(isinstance(record, Record) for record in records), records
    return [parse_article(record.fields) for record in records if isinstance(record, Record)]


def places(source: str) -> list[str]:
    """Return where each record is, marked when it was unreadable."""
    return [f"{record.where}{'!' * isinstance(record, Unreadable)}" for record in read_source(source)]


def reasons(source: str) -> list[str]:
    return [record.reason for record in read_source(source) if isinstance(record, Unreadable)]


def test_the_package_offers_what_the_import_uses() -> None:
    """`__all__` is exact."""
    assert jobs.sources.__all__ == ["Record", "Unreadable", "read_source"]


def test_one_article_is_the_same_from_json_lines_and_csv(write: Write, tmp_path: Path) -> None:
    """A format is only a way of writing: JSON Lines and CSV, plain and packed, give equal articles."""
    table = tmp_path / "a.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ARTICLE)
        writer.writeheader()
        writer.writerow({**ARTICLE, "tags": "Harbour|Ferries"})
    sources = [
        write("a.jsonl", LINE),
        write("a.jsonl.gz", gzip.compress(LINE)),
        str(table),
        write("a.csv.gz", gzip.compress(table.read_bytes())),
    ]
    assert [articles(source) for source in sources] == [[parse_article(ARTICLE)]] * 4


def test_json_lines_are_passed_on_as_they_stand(write: Write) -> None:
    """The bytes of a line are the validation's business: wrong ones are not lost, blank ones are no records."""
    source = write("a.jsonl", b"\xef\xbb\xbf" + LINE + b"\n  \r\n{broken\n\xff\xfe\n" + LINE.rstrip())
    assert list(read_source(source)) == [
        Record("line 1", LINE),
        Record("line 4", b"{broken\n"),
        Record("line 5", b"\xff\xfe\n"),
        Record("line 6", LINE.rstrip()),
    ]


def test_a_line_without_end_costs_only_itself(write: Write) -> None:
    """A line over the limit is reported without being held; those around it are read."""
    source = write("a.jsonl.gz", gzip.compress(LINE + b'{"id": "' + b"x" * (3 * MAX_LINE_BYTES) + b'"}\n' + LINE, 1))
    tracemalloc.start()
    try:
        assert places(source) == ["line 1", "line 2!", "line 3"]
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_LINE_BYTES
    finally:
        tracemalloc.stop()


def test_a_line_of_just_the_limit_is_read(write: Write) -> None:
    """The limit itself is allowed."""
    line = b"{" + b" " * (MAX_LINE_BYTES - 3) + b"}\n"
    assert places(write("a.jsonl", line + b" " + line)) == ["line 1", "line 2!"]


def test_large_files_are_not_held_in_memory(write: Write) -> None:
    """Forty megabytes of articles, packed or as CSV, are read in four."""
    row = "a1,Title,https://news.example/a1," + "words " * 330 + "\n"
    line = json.dumps({**ARTICLE, "body": "words " * 330}).encode() + b"\n"
    for source in (
        write("a.jsonl.gz", gzip.compress(line * 20_000, 1)),
        write("a.csv", "id,title,url,body\n" + row * 20_000),
    ):
        tracemalloc.start()
        try:
            assert sum(1 for _ in read_source(source)) == 20_000
            assert tracemalloc.get_traced_memory()[1] < 4_000_000
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_packed_file_that_breaks_off_gives_what_is_whole(write: Write, name: str) -> None:
    """Every whole record before the break is read, the tail is one unreadable record, and that is the end."""
    lines = [json.dumps({"id": str(number), "title": "T", "url": "http://x/"}) + "\n" for number in range(5000)]
    if name == "a.csv":
        lines = ["id,title,url\n", *(f"{number},T,http://x/\n" for number in range(5000))]
    packed = gzip.compress("".join(lines).encode())
    for damaged in (packed[: len(packed) // 2], packed[:-4], packed[:-8] + b"damaged!", packed + b"trailing junk"):
        *whole, tail = read_source(write(name + ".gz", damaged))
        assert isinstance(tail, Unreadable)
        assert "breaks off" in tail.reason
        assert whole
        assert not any(isinstance(record, Unreadable) for record in whole)
        if damaged != packed[: len(packed) // 2]:
            assert len(whole) == 5000


def test_a_file_that_is_damaged_from_the_start_is_refused(write: Write) -> None:
    """Nothing of it can be read, which is an error of the whole source."""
    with pytest.raises(SourceError, match="damaged from the start"):
        list(read_source(write("a.jsonl.gz", gzip.compress(LINE)[:10] + b"\xff\xff\xff\xff")))


def test_several_packed_files_in_one_are_one(write: Write) -> None:
    """Logs that were packed in pieces and joined are read to the end."""
    assert places(write("a.jsonl.gz", gzip.compress(LINE) + gzip.compress(LINE))) == ["line 1", "line 2"]


def test_progress_counts_bytes_of_the_file(write: Write) -> None:
    """Progress never goes back and ends at the size of the file as stored, packed or not."""
    for name, content in (("a.jsonl", LINE * 9000), ("a.jsonl.gz", gzip.compress(LINE * 9000)), ("a.jsonl", b"")):
        ticks: list[tuple[int, int | None]] = []
        list(read_source(write(name, content), progress=lambda done, total=None: ticks.append((done, total))))  # noqa: B023
        assert ticks == sorted(ticks, key=lambda tick: tick[0])
        assert ticks[-1] == (len(content), len(content) or None)


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_bytes_crash_a_reader(write: Write, content: bytes) -> None:
    """Whatever a file holds, it is read or refused with a clear message."""
    for name, start in (
        ("a.jsonl", b""),
        ("a.csv", b"id,title,url\n"),
        ("a.jsonl.gz", b"\x1f\x8b\x08"),
        ("a", b"<rss"),
    ):
        try:
            list(read_source(write(name, start + content)))
        except SourceError as error:
            assert name in str(error)  # noqa: PT017 - either is right


def test_rows_are_numbered_as_in_a_spreadsheet_and_bad_ones_reported(write: Write) -> None:
    """A row of the wrong width or in another encoding is reported with its number; the others are read."""
    source = write(
        "a.csv",
        b'\xef\xbb\xbfid,title,url\n1,"One\nline",http://x/1\n2,Two\n\n4,F\xfcnf,http://x/4\n5,F\xc3\xbcnf,http://x/5\n',
    )
    assert list(read_source(source)) == [
        Record("row 2", {"id": "1", "title": "One\nline", "url": "http://x/1"}),
        Unreadable("row 3", "has 2 fields, the header names 3"),
        Unreadable("row 5", "is not UTF-8; save the file with that encoding"),
        Record("row 6", {"id": "5", "title": "Fünf", "url": "http://x/5"}),
    ]


def test_a_quotation_mark_never_closed_does_not_take_the_rest(write: Write) -> None:
    """The row ends at the longest field that is taken; what comes after is read again."""
    lost = f"1,a,http://x/{'y' * 90}\n" * (MAX_FIELD_CHARS // 100)
    source = write("a.csv", f'id,title,url\n1,"never closed,http://x/\n{lost}\n\n2,b,http://x/\n')
    records = list(read_source(source))
    assert isinstance(records[0], Unreadable)
    assert "quotation mark" in records[0].reason
    assert records[-1] == Record(records[-1].where, {"id": "2", "title": "b", "url": "http://x/"})


def test_a_csv_line_beyond_the_limit_costs_its_row(write: Write) -> None:
    """The limit on lines holds for CSV too."""
    long = ",".join(["x"] * (MAX_LINE_BYTES // 2 + 9))
    source = write("a.csv", f"id,title,url\n{long}\n2,b,http://x/\n")
    assert places(source) == ["row 2!", "row 3"]


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("", "no column id, title, url"),
        ("id,headline,url\n", "no column title"),
        ("id;title;url\n", "separated by commas"),
        ("id,title,url,title\n", "more than one column title"),
        ("id,title,url\rx,y,z\r", "the header cannot be read"),
    ],
)
def test_a_csv_header_must_name_what_every_article_needs(write: Write, header: str, problem: str) -> None:
    """The message says what is missing."""
    with pytest.raises(SourceError, match=problem):
        list(read_source(write("a.csv", header)))


def test_columns_may_stand_in_any_order_among_others(write: Write) -> None:
    """Names count, not places; unknown columns are for the validation to leave out."""
    assert articles(write("a.csv", "url, title ,editor,id\nhttp://x/,T,Ann,7\n"))[0].id == "7"


@pytest.mark.parametrize(
    ("name", "content", "first"),
    [
        ("articles", LINE, "line 1"),
        ("articles.json", b"\xef\xbb\xbf\n" + LINE, "line 2"),
        ("articles.txt", b"id,title,url\n1,T,http://x/\n", "row 2"),
        ("articles.csv", b"id,title,url\n1,T,http://x/\n", "row 2"),
        ("articles.jsonl", b"dirt\n" + LINE, "line 1"),
        ("feed", b"<rss><channel><item><title>T</title></item></channel></rss>", "entry 1"),
        ("feed.csv", b" <feed><entry/></feed>", "entry 1"),
        ("map.xml", "\ufeff<urlset><url/></urlset>".encode("utf-16-le"), "entry 1!"),
    ],
)
def test_the_kind_is_told_by_content_then_name(write: Write, name: str, content: bytes, first: str) -> None:
    """A file with the wrong name, or none, is still known for what it is."""
    assert places(write(name, content))[0] == first


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.json", b"[" + LINE + b"]", "one object per line"),
        ("a.json", b'\n{\n  "id": 1\n}', "one object per line"),
        ("a.txt", b"hello", "JSON Lines .* CSV .* RSS"),
        ("a", b"", "JSON Lines .* CSV .* RSS"),
        ("a.csv", "id,title,url\n".encode("utf-16"), "save it as UTF-8"),
        ("a.html", b"<!doctype html><html></html>", "web page"),
        ("a.html", b"<HTML></HTML>", "web page"),
        ("a.xml", b"<svg></svg>", "<svg>"),
        ("a.xml", b"< broken", "neither a feed nor a sitemap"),
    ],
)
def test_what_cannot_be_imported_is_refused_with_advice(write: Write, name: str, content: bytes, problem: str) -> None:
    """The message says what would be right."""
    with pytest.raises(SourceError, match=problem):
        list(read_source(write(name, content)))


def test_a_file_may_be_named_as_a_url(write: Write) -> None:
    """`file:` is a path, with its escapes."""
    assert places(Path(write("a b.jsonl", LINE)).as_uri()) == ["line 1"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A path that leads nowhere, or to a folder, is refused by name."""
    with pytest.raises(SourceError, match=r"no such file: .*/gone\.jsonl"):
        list(read_source(str(tmp_path / "gone.jsonl")))
    with pytest.raises(SourceError, match=r"cannot read .*[Dd]irectory"):
        list(read_source(str(tmp_path)))


def test_an_empty_file_of_json_lines_is_no_error(write: Write) -> None:
    """A night without articles is a night without articles."""
    assert places(write("a.jsonl", b"")) == []
