"""The archive keeps every article whole."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recommender.archive import Archive
from tests.newsroom import article

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.sqlite") as opened:
        yield opened


def test_counts_say_what_changed(archive: Archive) -> None:
    """New, changed, unchanged and withdrawn records are told apart, in one call and over several."""
    assert archive.put([article("a"), article("b"), article("a", title="Again")]) == {"new": 2, "changed": 1}
    assert archive.put([article("a", title="Again"), article("b", body="More")]) == {"unchanged": 1, "changed": 1}
    assert archive.put([article("b", body="More", withdrawn=True)]) == {"withdrawn": 1}


def test_an_article_comes_back_as_it_went_in(archive: Archive) -> None:
    """Nothing of an article is lost on disk, also when the file is opened again."""
    stored = article("ä/1?", body="<p>Grüße</p>", tags=["x"], published_at=NOON, sensitive=True, language="de")
    archive.put([stored])
    with Archive(archive.path) as again:
        assert again.get("ä/1?") == stored
        assert list(again.articles()) == [stored]
    assert archive.get("unknown") is None


def test_latest_pages_through_everything_newest_first(archive: Archive) -> None:
    """Pages follow each other without gap or repeat; undated articles come last; the future does not lead for ever."""
    dated = [article(f"d{number}", published_at=NOON + timedelta(hours=number), section="W") for number in range(5)]
    archive.put([*dated, article("undated"), article("future", published_at="2999-01-01T00:00:00Z")])
    paged = [one for start in (0, 3, 6, 9) for one in archive.latest("", start, 3)]
    assert paged == ["future", "d4", "d3", "d2", "d1", "d0", "undated"]
    archive.put([article("now", published_at=datetime.now(UTC) + timedelta(seconds=30))])
    assert archive.latest("", 0, 2) == ["now", "future"]
    assert archive.latest("w", 0, 2) == ["d4", "d3"]


def test_withdrawn_articles_are_nowhere_but_in_get(archive: Archive) -> None:
    """What is withdrawn is in no list, and still there to be looked up."""
    archive.put([article("a", section="S"), article("b", section="S")])
    assert archive.withdraw("a")
    assert not archive.withdraw("unknown")
    assert [one.id for one in archive.articles()] == archive.latest("", 0, 9) == archive.latest("s", 0, 9) == ["b"]
    assert set(archive.cards(["a", "b"])) == set(archive.published(["a", "b"])) == {"b"}
    assert len(archive) == 1
    assert list(archive.withdrawn()) == ["a"]
    withdrawn = archive.get("a")
    assert withdrawn is not None
    assert withdrawn.withdrawn


def test_many_ids_are_looked_up_at_once(archive: Archive) -> None:
    """More ids than one statement takes are looked up all the same."""
    archive.put(article(f"a{number}") for number in range(1200))
    assert len(archive.cards([f"a{number}" for number in range(1300)])) == 1200


def test_a_reader_goes_on_while_articles_are_written(archive: Archive) -> None:
    """A job that reads the archive sees it as it was, while others write."""
    archive.put(article(f"a{number}") for number in range(50))
    reading = archive.articles()
    first = next(reading)

    def write() -> None:
        archive.put(article(f"b{number}") for number in range(50))
        archive.close()

    writer = threading.Thread(target=write)
    writer.start()
    writer.join()
    assert [first.id, *(one.id for one in reading)] == sorted(f"a{number}" for number in range(50))
    assert len(archive) == 100


def test_the_last_change_is_found_without_looking_at_all(archive: Archive) -> None:
    """Numbering a change, and asking for it ten times a second, takes as long with a million articles as with one."""
    with sqlite3.connect(archive.path) as connection:
        plan = connection.execute("EXPLAIN QUERY PLAN SELECT change FROM articles ORDER BY change DESC LIMIT 1")
        assert "USING COVERING INDEX changes" in plan.fetchone()[3]
    connection.close()


def test_an_archive_made_before_changes_were_numbered_is_opened(tmp_path: Path) -> None:
    """Its articles are at position 0, and the next change is the first."""
    with Archive(tmp_path / "old.sqlite") as archive:
        archive.put([article("a")])
    with sqlite3.connect(tmp_path / "old.sqlite") as connection:
        connection.execute("DROP INDEX changes")
        connection.execute("ALTER TABLE articles DROP COLUMN change")
    connection.close()
    with Archive(tmp_path / "old.sqlite") as archive:
        assert archive.position == 0
        archive.put([article("b")])
        assert [(position, one.id) for position, one in archive.changes(0, 10)] == [(1, "b")]


def test_titles_are_found_as_they_are_now(archive: Archive) -> None:
    """Changed ones by their new words, withdrawn ones not at all, and those of an archive from before the index."""
    archive.put([article("a", title="Old Löwe"), article("b", title="Gone")])
    archive.put([article("a", title="New Löwe"), article("b", title="Gone", withdrawn=True)])
    assert [card.id for card in archive.find("lowe ne", 5)] == ["a"]
    assert archive.find("old", 5) == archive.find("gone", 5) == archive.find("b", 5) == []
    with sqlite3.connect(archive.path) as connection:
        connection.execute("DELETE FROM titles")
    with Archive(archive.path) as again:
        assert [card.id for card in again.find("new", 5)] == ["a"]
