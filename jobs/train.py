"""The nightly training: the archive into neighbours, the neighbours into a published version."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress
from scipy.sparse import csr_matrix

from jobs.progress import Tick, step
from recommender.archive import Archive
from recommender.errors import TrainingRefused
from recommender.intake import reconcile
from recommender.related.copies import fingerprint, originals
from recommender.related.lists import Publication
from recommender.related.neighbours import Neighbours, nearest
from recommender.service import Service
from recommender.text.plain import body_text
from recommender.text.tfidf import tfidf_rows

__all__ = ["Summary", "train"]

_LEAST_SHARE = 0.5
"""A version with fewer than half the lists of the current one is the work of a bad night."""


@dataclass(slots=True)
class Summary:
    """The facts of one run, as they are kept with its version.

    Attributes
    ----------
    version : str or None
        None for a dry run.
    published_at : str
        RFC 3339.
    articles, with_words, copies, lists, terms : int
        Articles read; those with usable words; those that are an exact copy of another; those with at least one
        neighbour; different words.
    mean_nearest : float
        Mean cosine of the nearest neighbour.
    forced : bool
        Whether it was published although it looked worse.
    seconds : dict of str to float
        How long each step took.
    """

    version: str | None = None
    published_at: str = ""
    articles: int = 0
    with_words: int = 0
    copies: int = 0
    lists: int = 0
    terms: int = 0
    mean_nearest: float = 0.0
    forced: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    def as_facts(self) -> dict[str, Any]:
        """Return the facts for JSON."""
        return asdict(self)


def train(service: Service, bars: Progress, *, dry_run: bool = False, force: bool = False) -> Summary:
    """Train on the whole archive and publish, or refuse and leave the old version serving.

    Raises
    ------
    TrainingRefused
        When another run is under way, there are no articles, or the new lists look worse than the current ones.
    redis.exceptions.RedisError
        When Redis fails; the old version serves on, and the next run clears what is left.
    """
    settings, summary = service.settings, Summary()
    with service.lists.publishing(
        lock_s=settings.train_lock_s, keep=settings.versions_keep, now=datetime.now(UTC)
    ) as publication:
        with _timed(summary, bars, "check the catalogue"):
            reconcile(service.archive, service.intake)
        if not len(service.archive):
            raise TrainingRefused("there are no articles to train on; import some first: recommender import SOURCE")
        with _timed(summary, bars, "read and weigh words", len(service.archive)) as tick:
            corpus = _Corpus(service.archive, tick)
            rows = tfidf_rows(corpus.texts(), len(service.archive))
        stand_ins = originals(corpus.fingerprints, np.array(corpus.published))
        with _timed(summary, bars, "find neighbours", len(corpus.ids)) as tick:
            found = nearest(
                rows,
                stand_ins,
                k=settings.related_keep,
                floor=settings.related_floor,
                threads=os.cpu_count() or 1,
                progress=lambda done: tick(done, None),
            )
        _describe(summary, corpus, rows, stand_ins, found)
        _guard(service, summary, force=force)
        if not dry_run:
            with _timed(summary, bars, "write lists", len(corpus.ids)) as tick:
                publication.write(_lists(corpus.ids, found, tick))
            _publish(publication, summary)
    return summary


class _Corpus:
    """The archive's articles while they stream by; keeps what is small."""

    def __init__(self, archive: Archive, tick: Tick) -> None:
        self._archive = archive
        self._tick = tick
        self.ids: list[str] = []
        self.published: list[float] = []
        self.fingerprints: list[bytes] = []

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield text and language of each article."""
        for article in self._archive.articles():
            self.ids.append(article.id)
            self.published.append(article.published_at.timestamp() if article.published_at else 0.0)
            self.fingerprints.append(fingerprint(article))
            yield body_text(article), article.language or "en"
            self._tick(len(self.ids), None)


def _describe(
    summary: Summary, corpus: _Corpus, rows: csr_matrix, stand_ins: NDArray[np.int64], found: Neighbours
) -> None:
    has_neighbours = found.indices[:, 0] >= 0
    summary.articles = len(corpus.ids)
    summary.with_words = int(np.count_nonzero(np.diff(rows.indptr)))
    summary.copies = int(np.count_nonzero(stand_ins != np.arange(len(stand_ins))))
    summary.lists = int(np.count_nonzero(has_neighbours))
    summary.terms = rows.shape[1]
    summary.mean_nearest = round(float(found.cosines[has_neighbours, 0].mean()), 4) if has_neighbours.any() else 0.0


def _guard(service: Service, summary: Summary, *, force: bool) -> None:
    """Refuse lists that look worse than the current ones."""
    current = service.lists.versions().get(service.lists.current or "")
    if not current or summary.lists >= _LEAST_SHARE * current["lists"]:
        return
    if not force:
        raise TrainingRefused(
            f"only {summary.lists} articles would have neighbours, and {current['lists']} have now (the limit is "
            f"{_LEAST_SHARE:.0%}); the old version serves on. Look at what was imported, or publish with --force"
        )
    summary.forced = True


def _lists(ids: list[str], found: Neighbours, tick: Tick) -> Iterator[tuple[str, dict[str, float]]]:
    for place, article_id in enumerate(ids):
        near = found.indices[place]
        near = near[near >= 0].tolist()
        if near:
            yield article_id, dict(zip((ids[other] for other in near), found.cosines[place].tolist(), strict=False))
        tick(place + 1, None)


def _publish(publication: Publication, summary: Summary) -> None:
    summary.version = publication.version
    summary.published_at = datetime.now(UTC).isoformat(timespec="seconds")
    publication.publish(summary.as_facts())


@contextmanager
def _timed(summary: Summary, bars: Progress, name: str, total: int | None = None) -> Iterator[Tick]:
    started = time.perf_counter()
    with step(bars, name, total) as tick:
        yield tick
    summary.seconds[name] = round(time.perf_counter() - started, 2)


if __name__ == "__main__":
    from recommender.cli import main

    main(["train", *sys.argv[1:]])  # type: ignore[has-type]  # the command line imports this module
