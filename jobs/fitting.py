"""Fitting: articles into the model that ranks their lists."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, csr_matrix

from jobs.progress import Tick
from jobs.readings import Readings, ReadingsCache
from recommender.archive import Head
from recommender.article import Article, section_key
from recommender.related.copies import CopyRule, near_copies, originals, stand_ins
from recommender.related.expansion import Expansion
from recommender.related.kin import Kin
from recommender.related.model import Model, with_chosen
from recommender.related.neighbours import Neighbours, nearest_by_kin
from recommender.related.readers import ReadersChoice
from recommender.related.rules import RelatedRules
from recommender.settings import Settings
from recommender.text.counts import gathered
from recommender.text.fields import FieldReader
from recommender.text.lexicon import Lexicon
from recommender.text.rows import distances, rows_at
from recommender.text.tfidf import FieldTfidf

__all__ = ["Documents", "Fitted", "Step", "fit", "in_memory"]

_DAY_S = 86_400

SAMPLE = 5000
"""Articles from which boilerplate and the site's language are learned."""

Documents = Callable[[Sequence[str]], Iterable[str]]
"""Gives the JSON text of articles by their ids, in the order asked for."""

Step = Callable[[str, int], AbstractContextManager[Tick]]
"""Shows a step by its name, of so many articles, while it runs."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model, and how much of the work of the night before it could keep.

    Attributes
    ----------
    model : Model
    read : int
        Articles whose text was read; of the others the counts were kept.
    drift : float or None
        How far idf has moved from that of the model before, as `Lexicon.drift` gives it; None where that had other
        boilerplate, or there is none.
    relearned : bool
        Whether words and idf were learned afresh.
    garbled : float
        Share of articles that look as if read in the wrong encoding.
    """

    model: Model
    read: int
    drift: float | None
    relearned: bool
    garbled: float


def fit(
    heads: Sequence[Head],
    documents: Documents,
    *,
    settings: Settings,
    now: datetime,
    step: Step,
    readers: ReadersChoice | None = None,
    cache: ReadingsCache | None = None,
    before: Model | None = None,
) -> Fitted:
    """Fit a model to articles, and rank their lists.

    Parameters
    ----------
    heads : sequence of Head
        In the order of their ids.
    documents : callable
        Given ids, returns the JSON text of those articles.
    settings : Settings
    now : datetime
        With zone; ages count from here.
    step : callable
    readers : ReadersChoice, optional
        Blended in where given.
    cache : ReadingsCache, optional
        What the last run read.
    before : Model, optional
        Its boilerplate is kept until it is old, its words and idf until they have drifted, and the kin of what has not
        changed.
    """
    total, expansion, threads = len(heads), Expansion(), os.cpu_count() or 1
    cache = cache or ReadingsCache(None)
    ids, published = [head.id for head in heads], np.array([head.published for head in heads], dtype=np.float64)
    with step("read and weigh words", total) as tick:
        words = _Words(heads, documents, cache, settings, tick)
        lexicon = words.lexicon(before.lexicon if before else None, now.timestamp())
        readings = words.readings
        places = _same(heads, before) if before and lexicon.reader == before.lexicon.reader else np.full(total, -1)
        rows, moved = words.rows(lexicon, before, places, threads)
    exact = originals(readings.fingerprints.view("V16").ravel().tolist(), published)
    with step("find copies and kin", total) as tick, ThreadPoolExecutor(1) as beside:
        keeping = beside.submit(cache.keep)
        if before:
            places = np.where(_same_original(places, exact, before), places, -1)
            kept = before.kin.renewed(places, moved, rows, exact, threads=threads, progress=tick)
        else:
            kept = Kin.find(rows, exact, expansion.widest, threads=threads, progress=tick)
        kin = kept.nearest()
        rule = CopyRule(settings.related_copy_cosine, settings.related_copy_hours, settings.related_copy_shingles)
        near = near_copies(kin, readings.sketches, published, readings.headlines, rule)
        chosen = stand_ins(exact, near, published)
        keeping.result()
    with step("expand", total) as tick:
        still = None if before is None or words.relearned else (before.expanded, _as_before(places, moved, kin, before))
        expanded = expansion.expand(rows, kin, kept=still, threads=threads, progress=tick)
    with step("find neighbours", total) as tick:
        candidates = nearest_by_kin(
            expanded, kin, chosen, k=settings.related_candidates, threads=threads, progress=tick
        )
    choice = trust = csr_array(np.zeros((0, 0), dtype=np.float32))
    if readers:
        with step("ask what readers also read", total):
            choice, trust = readers.learn(ids, now.timestamp())
            candidates = with_chosen(candidates, expanded, choice)
    model = Model(
        ids=ids,
        sections=[head.section for head in heads],
        languages=readings.languages,
        digests=[head.digest for head in heads],
        terms=words.spelled(lexicon, before),
        lexicon=lexicon,
        published=published,
        rows=rows,
        expanded=expanded,
        originals=exact,
        stand_ins=chosen,
        kin=kept,
        near=near,
        choice=choice,
        trust=trust,
        candidates=candidates,
        ranked_at=now.timestamp(),
        ranking=RelatedRules.of(settings).ranking,
    )
    garbled = float(readings.garbled.mean()) if total else 0.0
    with step("rank lists", total) as tick:
        return Fitted(model.with_lists(tick, threads=threads), words.read, words.drift, words.relearned, garbled)


def in_memory(articles: Sequence[Article]) -> tuple[list[Head], Documents]:
    """Return what `fit` asks for, of articles that are no archive's."""
    heads = [
        Head(
            article.id,
            article.digest(),
            section_key(article.section),
            article.published_at.timestamp() if article.published_at else 0.0,
        )
        for article in articles
    ]
    documents = {article.id: article.model_dump_json() for article in articles}
    return heads, partial(map, documents.__getitem__)


class _Words:
    """The words of one night's articles."""

    def __init__(
        self, heads: Sequence[Head], documents: Documents, cache: ReadingsCache, settings: Settings, tick: Tick
    ) -> None:
        self._heads = heads
        self._documents = documents
        self._cache = cache
        self._settings = settings
        self._tick = tick
        self.readings: Readings
        self.read = 0
        self.drift: float | None = None
        self.relearned = True

    def lexicon(self, before: Lexicon | None, now: float) -> Lexicon:
        """Count the words, and return what they are weighed by: as before with new words behind, or learned afresh."""
        settings = self._settings
        old = before is None or now - before.learned_at >= settings.related_relearn_days * _DAY_S
        reader = self._learned_reader() if before is None or old else before.reader
        self._read(reader)
        if before and reader == before.reader:
            extended = before.extended(self.readings.counts)
            self.drift = extended.drift(self.readings.counts)
            if not old and self.drift <= settings.related_drift:
                self.relearned = False
                return extended
        learned_at = now if before is None or old else before.learned_at
        return Lexicon(reader, FieldTfidf().fit(self.readings.counts), learned_at)

    def _learned_reader(self) -> FieldReader:
        first = sorted(self._heads, key=lambda head: head.digest)[:SAMPLE]
        sample = map(Article.model_validate_json, self._documents([head.id for head in first]))
        return FieldReader.learn(sample, self._settings.related_boilerplate_share)

    def rows(
        self, lexicon: Lexicon, before: Model | None, places: NDArray[np.int64], threads: int
    ) -> tuple[csr_matrix, NDArray[np.floating]]:
        """Return the row of each article, and how far it has moved from the one in its place in the model before."""
        counts, weigh = self.readings.counts, partial(lexicon.tfidf.transform, threads=threads)
        if before is None or (places < 0).all():
            return weigh(counts), np.zeros(len(places))
        terms, known = lexicon.tfidf.terms_, before.lexicon.tfidf.terms_
        if self.relearned:
            again, rows = np.ones(len(places), dtype=bool), weigh(counts)
        else:
            again = (places < 0) | counts.having({*terms[len(known) :]})
            weighed = weigh(gathered([counts], np.flatnonzero(again)))
            order = np.where(again, len(before.ids) + np.cumsum(again) - 1, places)
            both = [(part.data, part.indices, part.indptr) for part in (before.rows, weighed)]
            rows = csr_matrix(rows_at(both, order), shape=(len(order), len(terms)))
        moved = distances(rows, terms, before.rows, known, np.where(again, places, -1), threads=threads)
        return rows, moved

    def spelled(self, lexicon: Lexicon, before: Model | None) -> list[str]:
        """Return the words of a lexicon as people write them."""
        known = before.terms if before and not self.relearned else []
        counts = self.readings.counts
        spelling = dict(zip(counts.stems, counts.written, strict=True))
        return [*known, *(spelling[term] for term in lexicon.tfidf.terms_[len(known) :])]

    def _read(self, reader: FieldReader) -> None:
        self.readings, read = self._cache.read(
            [head.digest for head in self._heads],
            lambda places: self._documents([self._heads[place].id for place in places]),
            reader,
            processes=os.cpu_count() or 1,
            progress=self._tick,
        )
        self.read += read


def _same(heads: Sequence[Head], before: Model) -> NDArray[np.int64]:
    """Return the place that each article had in the model before; -1 where it is new or has changed."""
    digests = dict(zip(before.digests, range(len(before.digests)), strict=True))
    return np.fromiter((digests.get(head.digest, -1) for head in heads), dtype=np.int64, count=len(heads))


def _as_before(
    places: NDArray[np.int64], moved: NDArray[np.floating], kin: Neighbours, before: Model
) -> NDArray[np.int64]:
    """Return the place in the model before of each article whose row, kin and rows of kin are as they were, or -1."""
    unmoved = np.append(np.where((places >= 0) & (moved == 0), places, -2), -1)  # the last for -1
    then = before.kin.nearest().indices[places]
    same = (unmoved[:-1] >= 0) & (unmoved[kin.indices] == then).all(axis=1)
    return np.where(same, places, -1)


def _same_original(places: NDArray[np.int64], exact: NDArray[np.int64], before: Model) -> NDArray[np.bool_]:
    """Tell which articles have the exact original that they had."""
    same: NDArray[np.bool_] = (places >= 0) & (places[exact] >= 0) & (places[exact] == before.originals[places])
    return same
