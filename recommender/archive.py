"""The archive: every article whole, on disk, in SQLite.

It is the truth that Redis's cards are made from: the nightly job reads it, a lost Redis is filled from it, and pages
fall back to it when Redis is away.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from recommender.article import Article
from recommender.batched import batched
from recommender.card import Card
from recommender.database import Database

__all__ = ["Archive", "Change", "Head"]

Change = Literal["new", "changed", "unchanged", "withdrawn"]

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS articles (
        id TEXT PRIMARY KEY,
        digest TEXT NOT NULL,
        section TEXT NOT NULL,
        published REAL NOT NULL,
        withdrawn INTEGER NOT NULL,
        card TEXT NOT NULL,
        document TEXT NOT NULL,
        change INTEGER NOT NULL DEFAULT 0
    )""",
    "CREATE INDEX IF NOT EXISTS latest ON articles (withdrawn, published)",
    "CREATE INDEX IF NOT EXISTS latest_of_section ON articles (section, withdrawn, published)",
    "CREATE INDEX IF NOT EXISTS by_url ON articles (json_extract(card, '$.url'))",
    "CREATE VIRTUAL TABLE IF NOT EXISTS titles USING fts5 (id UNINDEXED, title, prefix = '2 3')",
    """CREATE TRIGGER IF NOT EXISTS title_added AFTER INSERT ON articles BEGIN
        INSERT INTO titles (rowid, id, title) VALUES (new.rowid, new.id, json_extract(new.card, '$.title'));
    END""",
    """CREATE TRIGGER IF NOT EXISTS title_changed AFTER UPDATE OF card ON articles BEGIN
        UPDATE titles SET title = json_extract(new.card, '$.title') WHERE rowid = new.rowid;
    END""",
    """INSERT INTO titles (rowid, id, title) SELECT rowid, id, json_extract(card, '$.title') FROM articles
        WHERE NOT EXISTS (SELECT 1 FROM titles)""",
)

_LAST_CHANGE = "SELECT change FROM articles ORDER BY change DESC LIMIT 1"
"""Looks at one entry of the index; max() within an expression would look at all."""
_PUT = f"""
INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?, ?, coalesce(({_LAST_CHANGE}), 0) + 1)
ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, section = excluded.section, published = excluded.published,
    withdrawn = excluded.withdrawn, card = excluded.card, document = excluded.document,
    change = excluded.change
"""  # noqa: S608 - fixed

_LAST_STORED = 500
"""Articles with the words asked for that are looked at, the last stored: common words are in a hundred thousand."""
_WORD = re.compile(r"\w+")
_VARIABLES = 500
"""Placeholders of one statement; SQLite's oldest limit is 999."""


class Head(NamedTuple):
    """What is known of an article without reading it.

    Attributes
    ----------
    id, digest : str
    section : str
        Key; empty where there is none.
    published : float
        Unix seconds; 0 where no date is known.
    """

    id: str
    digest: str
    section: str
    published: float


class Archive:
    """The articles of a data directory.

    Safe to share between threads; several processes may use one file at a time.

    Parameters
    ----------
    path : Path
        The database file; made when missing, with its directory.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, _SCHEMA)
        with self._database.transaction() as connection:
            columns = {name for _, name, *_ in connection.execute("PRAGMA table_info(articles)")}
            if "change" not in columns:  # made before changes were numbered
                connection.execute("ALTER TABLE articles ADD COLUMN change INTEGER NOT NULL DEFAULT 0")
            connection.execute("CREATE INDEX IF NOT EXISTS changes ON articles (change)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close this thread's connection."""
        self._database.close()

    @property
    def path(self) -> Path:
        """The database file."""
        return self._database.path

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._database.connection

    def put(self, articles: Iterable[Article]) -> Counter[Change]:
        """Store articles in one transaction; say how many were new, changed, unchanged or withdrawn."""
        articles = list(articles)
        changes: Counter[Change] = Counter()
        with self._database.transaction() as connection:
            digests = dict(self._select("SELECT id, digest FROM articles WHERE id IN ({})", [a.id for a in articles]))
            for article in articles:
                before, digest = digests.get(article.id), article.digest()
                digests[article.id] = digest
                if before == digest:
                    changes["unchanged"] += 1
                    continue
                connection.execute(_PUT, _row(article, digest))
                changes["withdrawn" if article.withdrawn else "changed" if before else "new"] += 1
        return changes

    def withdraw(self, article_id: str) -> bool:
        """Mark an article withdrawn; tell whether it was known."""
        article = self.get(article_id)
        if article is None:
            return False
        self.put([article.model_copy(update={"withdrawn": True})])
        return True

    def get(self, article_id: str) -> Article | None:
        """Return an article whole, withdrawn or not; None when it was never here."""
        row = self._connection.execute("SELECT document FROM articles WHERE id = ?", [article_id]).fetchone()
        return Article.model_validate_json(row[0]) if row else None

    def articles(self) -> Iterator[Article]:
        """Yield every article that is not withdrawn, in the order of their ids, one at a time."""
        for (document,) in self._connection.execute("SELECT document FROM articles WHERE NOT withdrawn ORDER BY id"):
            yield Article.model_validate_json(document)

    @property
    def position(self) -> int:
        """The number of the last change; every new, changed or withdrawn article has the next one."""
        last = self._connection.execute(_LAST_CHANGE).fetchone()
        return int(last[0]) if last else 0

    def changes(self, after: int, count: int) -> list[tuple[int, Article]]:
        """Return the first ``count`` articles that changed after a position, as they are now, with their positions."""
        rows = self._connection.execute(
            "SELECT change, document FROM articles WHERE change > ? ORDER BY change LIMIT ?", [after, count]
        )
        return [(position, Article.model_validate_json(document)) for position, document in rows]

    def changed_since(self, position: int) -> int:
        """Return how many articles changed after a position."""
        counted = self._connection.execute("SELECT count(*) FROM articles WHERE change > ?", [position])
        return int(counted.fetchone()[0])

    def heads(self) -> list[Head]:
        """Return the head of every article that is not withdrawn, in the order of their ids."""
        rows = self._connection.execute(
            "SELECT id, digest, section, published FROM articles WHERE NOT withdrawn ORDER BY id"
        )
        return list(map(Head._make, rows))

    def documents(self, ids: Sequence[str]) -> Iterator[str]:
        """Yield the JSON text of known articles, in the order asked for, some hundred in memory at a time."""
        for some in batched(ids, _VARIABLES):
            found = dict(self._select("SELECT id, document FROM articles WHERE id IN ({})", some))
            yield from (found[identifier] for identifier in some)

    def __len__(self) -> int:
        """Return the number of articles that are not withdrawn."""
        (count,) = self._connection.execute("SELECT count(*) FROM articles WHERE NOT withdrawn").fetchone()
        return int(count)

    def cards(self, ids: Sequence[str]) -> Mapping[str, Card]:
        """Return the cards of those articles that are known and not withdrawn."""
        rows = self._select("SELECT id, card FROM articles WHERE NOT withdrawn AND id IN ({})", ids)
        return {identifier: Card.model_validate_json(card) for identifier, card in rows}

    def published(self, ids: Sequence[str]) -> Mapping[str, float]:
        """Return the Unix second of publication of those articles; 0 where no date is known."""
        return dict(self._select("SELECT id, published FROM articles WHERE NOT withdrawn AND id IN ({})", ids))

    def all_cards(self) -> Iterator[Card]:
        """Yield the card of every article that is not withdrawn."""
        for _, card in self.card_texts():
            yield Card.model_validate_json(card)

    def card_texts(self) -> Iterator[tuple[str, str]]:
        """Yield the id and the card, as JSON text, of every article that is not withdrawn."""
        yield from self._connection.execute("SELECT id, card FROM articles WHERE NOT withdrawn")

    def withdrawn(self) -> Iterator[str]:
        """Yield the ids of withdrawn articles."""
        for (identifier,) in self._connection.execute("SELECT id FROM articles WHERE withdrawn"):
            yield identifier

    def latest(self, section: str, start: int, count: int) -> list[str]:
        """Return ``count`` ids from the ``start``-th newest on, of a section key or (empty) of all."""
        where, parameters = ("section = ? AND ", [section]) if section else ("", [])
        rows = self._connection.execute(
            f"SELECT id FROM articles WHERE {where}withdrawn = 0 ORDER BY published DESC, id DESC "  # noqa: S608 - fixed
            "LIMIT ? OFFSET ?",
            [*parameters, count, start],
        )
        return [identifier for (identifier,) in rows]

    def find(self, text: str, count: int) -> list[Card]:
        """Return articles that readers may see, by id, by URL, or else by the words of their title, the newest first.

        The last word may be unfinished.
        """
        found = self._connection.execute(
            "SELECT card FROM articles WHERE NOT withdrawn AND (id = ? OR json_extract(card, '$.url') = ?) LIMIT ?",
            [text, text, count],
        ).fetchall()
        words = _WORD.findall(text)
        if not found and words:
            wanted = " ".join(f'"{word}"' for word in words) + "*"
            found = self._connection.execute(
                "SELECT card FROM articles WHERE NOT withdrawn AND rowid IN "
                "(SELECT rowid FROM titles WHERE titles MATCH ? ORDER BY rowid DESC LIMIT ?) "
                "ORDER BY published DESC, id LIMIT ?",
                [f"title : ({wanted})", _LAST_STORED, count],
            ).fetchall()
        return [Card.model_validate_json(card) for (card,) in found]

    def sections(self) -> Mapping[str, str]:
        """Return the sections in use: key -> a name."""
        rows = self._connection.execute(
            "SELECT section, json_extract(min(card), '$.section') FROM articles "
            "WHERE NOT withdrawn AND section != '' GROUP BY section"
        )
        return dict(rows.fetchall())

    def _select(self, statement: str, ids: Sequence[str]) -> Iterator[tuple[str, Any]]:
        for start in range(0, len(ids), _VARIABLES):
            some = ids[start : start + _VARIABLES]
            yield from self._connection.execute(statement.format(", ".join("?" * len(some))), some)


def _row(article: Article, digest: str) -> tuple[str, str, str, float, bool, str, str]:
    card = Card.of(article)
    # A date in the future is a mistake or an embargo that ended when we were told: it must not lead for years.
    published = min(card.published, time.time())
    card_json = card.model_dump_json(exclude_defaults=True)
    document = article.model_dump_json(exclude_defaults=True)
    return article.id, digest, card.section_key, published, article.withdrawn, card_json, document
