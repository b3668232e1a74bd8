"""Articles out of databases."""

from __future__ import annotations

import sqlite3
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest

from jobs.sources import Record, read_source
from recommender.article import parse_article
from recommender.errors import SourceError

QUERY = "SELECT number AS id, headline AS title, url, text AS body FROM story ORDER BY number"


@pytest.fixture
def newsroom(tmp_path: Path) -> Path:
    path = tmp_path / "news.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE story (number INTEGER, headline TEXT, url TEXT, text TEXT)")
        database.execute("INSERT INTO story VALUES (7, 'At 10:30', 'https://news.example/7', '100% true')")
        database.execute("INSERT INTO story VALUES (8, 'Later', 'https://news.example/8', NULL)")
    return path


def test_rows_become_articles(newsroom: Path) -> None:
    """Columns are named as an article's fields; numbers are fine as ids."""
    first, second = read_source(f"sqlite:///{newsroom}", query=QUERY)
    assert first == Record(
        "row 1", {"id": 7, "title": "At 10:30", "url": "https://news.example/7", "body": "100% true"}
    )
    assert isinstance(second, Record)
    assert parse_article(second.fields).id == "8"


def test_a_query_is_sent_as_it_stands(newsroom: Path) -> None:
    """Colons and per cent signs are no parameters."""
    query = f"SELECT * FROM ({QUERY}) WHERE title LIKE '%10:30%' AND body LIKE '100%' AND ':x' <> '%(y)s'"
    assert len(list(read_source(f"sqlite:///{newsroom}", query=query))) == 1


def test_rows_are_read_as_they_are_needed(newsroom: Path) -> None:
    """A table of forty megabytes does not come into memory, and progress counts its rows."""
    query = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
        "SELECT i AS id, 'T' AS title, 'http://x/' AS url, hex(zeroblob(1000)) AS body FROM n"
    )
    ticks: list[tuple[int, int | None]] = []
    tracemalloc.start()
    try:
        rows = read_source(f"sqlite:///{newsroom}", query=query, progress=lambda *tick: ticks.append(tick))
        assert sum(1 for _ in rows) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert ticks[0] == (1000, None)
    assert ticks[-1] == (20_000, None)


def test_nothing_is_ever_committed(newsroom: Path) -> None:
    """A statement that changes rows changes none."""
    statement = "UPDATE story SET headline = 'x' RETURNING number AS id, headline AS title, url"
    assert len(list(read_source(f"sqlite:///{newsroom}", query=statement))) == 2
    with pytest.raises(SourceError, match="the query returns no column id, title, url"):
        list(read_source(f"sqlite:///{newsroom}", query="DELETE FROM story"))
    titles = [dict(record.fields)["title"] for record in read_source(f"sqlite:///{newsroom}", query=QUERY)]  # type: ignore[union-attr,arg-type]
    assert titles == ["At 10:30", "Later"]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        (None, "--query"),
        (" ", "--query"),
        ("SELECT number AS id, url FROM story", "no column title"),
        ("SELECT * FROM tale", "no such table: tale"),
        ("SELEC", "syntax error"),
    ],
)
def test_a_query_that_cannot_be_used_is_refused(newsroom: Path, query: str | None, problem: str) -> None:
    """The message is the database's own, or says what is missing."""
    with pytest.raises(SourceError, match=problem):
        list(read_source(f"sqlite:///{newsroom}", query=query))


def test_a_database_that_fails_on_the_way_is_an_error_of_the_source(newsroom: Path) -> None:
    """What was read before has been handed on."""
    with closing(sqlite3.connect(newsroom)) as database, database:
        database.execute("UPDATE story SET text = CAST(x'ff' AS TEXT) WHERE number = 8")
    rows = read_source(f"sqlite:///{newsroom}", query=f"{QUERY} LIMIT 5")
    with pytest.raises(SourceError, match="UTF-8"):
        list(rows)


def test_a_missing_sqlite_file_is_not_made(tmp_path: Path) -> None:
    """A slip of the pen leaves no empty database behind."""
    with pytest.raises(SourceError, match=r"no such file: .*gone\.db"):
        list(read_source(f"sqlite:///{tmp_path}/gone.db", query=QUERY))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["gopher://news.example/1", "sqlite3:///news.db"])
def test_an_unknown_scheme_is_named(address: str) -> None:
    """What is neither the web nor a database is said so."""
    with pytest.raises(SourceError, match=f"^{address.partition(':')[0]}:// is neither a web address nor a database"):
        list(read_source(address, query=QUERY))


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("postgresql://ann:hunter2@127.0.0.1:1/x?options=hunter3", "needs the Python package|refused"),
        ("sqlite:///file:{path}?uri=true&mode=hunter2", "no such access mode: \\*\\*\\*"),
        ("postgresql://ann:hunter2@host:port/x", "not a database URL"),
    ],
)
def test_errors_do_not_tell_secrets(newsroom: Path, address: str, problem: str) -> None:
    """Neither a password nor an option of the address stands in a message, nor in the errors behind it."""
    with pytest.raises(SourceError, match=problem) as caught:
        list(read_source(address.format(path=newsroom), query=QUERY))
    errors: list[BaseException] = [caught.value]
    while (cause := errors[-1].__cause__) is not None:
        errors.append(cause)
    assert "hunter" not in "".join(map(str, errors))


def test_an_import_given_up_leaves_nothing_open(newsroom: Path) -> None:
    """Closing the reader early closes the database."""
    rows = read_source(f"sqlite:///{newsroom}", query=QUERY)
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    with closing(sqlite3.connect(newsroom, timeout=0)) as database, database:
        database.execute("DROP TABLE story")
