"""Fitting: articles into the model that ranks their lists."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from jobs.progress import Tick
from recommender.article import Article, section_key
from recommender.batched import batched
from recommender.related.copies import CopyRule, fingerprint, near_copies, originals, sketch, stand_ins, word_hashes
from recommender.related.expansion import Expansion
from recommender.related.model import Model, with_chosen
from recommender.related.neighbours import nearest, nearest_by_kin
from recommender.related.ranking import Ranking
from recommender.related.readers import ReadersChoice
from recommender.settings import Settings
from recommender.text.counts import Counts, count, joined
from recommender.text.fields import FieldReader
from recommender.text.lexicon import Lexicon
from recommender.text.tfidf import FieldTfidf
from recommender.text.words import Words

__all__ = ["SAMPLE", "Step", "fit"]

_BATCH = 1000

SAMPLE = 5000
"""Articles from which boilerplate and the site's language are learned."""

Step = Callable[[str, int], AbstractContextManager[Tick]]
"""Shows a step by its name, of so many articles, while it runs."""


def fit(
    articles: Iterable[Article],
    *,
    sample: Iterable[Article],
    total: int,
    settings: Settings,
    now: datetime,
    step: Step,
    readers: ReadersChoice | None = None,
) -> Model:
    """Fit a model to articles, which are read once and not kept, and rank their lists.

    Parameters
    ----------
    articles : iterable of Article
    sample : iterable of Article
        Some of them.
    total : int
        How many articles there are.
    settings : Settings
    now : datetime
        With zone; ages count from here.
    step : callable
    readers : ReadersChoice, optional
        Blended in where given.
    """
    corpus, tfidf, expansion, threads = _Corpus(), FieldTfidf(), Expansion(), os.cpu_count() or 1
    with step("read and weigh words", total) as tick:
        reader = FieldReader.learn(sample, settings.related_boilerplate_share)
        counts = corpus.read(articles, reader, tick)
        rows = tfidf.fit_transform(counts)
        spelling = dict(zip(counts.stems, counts.written, strict=True))
    published = np.array(corpus.published)
    exact = originals(corpus.fingerprints, published)
    with step("find copies and kin", total) as tick:
        kin = nearest(rows, exact, k=expansion.widest, floor=0, threads=threads, progress=tick)
        rule = CopyRule(settings.related_copy_cosine, settings.related_copy_hours, settings.related_copy_shingles)
        headlines = np.unique(np.array(corpus.headlines, dtype=np.str_), return_inverse=True)[1]
        near = near_copies(kin, np.array(corpus.sketches), published, headlines, rule)
        chosen = stand_ins(exact, near, published)
    with step("expand", total) as tick:
        expanded = expansion.expand(rows, kin, tick)
    with step("find neighbours", total) as tick:
        candidates = nearest_by_kin(
            expanded, kin, chosen, k=settings.related_candidates, threads=threads, progress=tick
        )
    choice = trust = csr_array(np.zeros((0, 0), dtype=np.float32))
    if readers:
        with step("ask what readers also read", total):
            choice, trust = readers.learn(corpus.ids, now.timestamp())
            candidates = with_chosen(candidates, expanded, choice)
    model = Model(
        ids=corpus.ids,
        sections=corpus.sections,
        languages=corpus.languages,
        terms=[spelling[term] for term in tfidf.terms_],
        lexicon=Lexicon(reader, tfidf, now.timestamp()),
        published=published,
        rows=rows,
        expanded=expanded,
        stand_ins=chosen,
        near=near,
        choice=choice,
        trust=trust,
        candidates=candidates,
        ranked_at=now.timestamp(),
        ranking=_ranking(settings),
    )
    with step("rank lists", total) as tick:
        return model.with_lists(tick, threads=threads)


def _ranking(settings: Settings) -> Ranking:
    return Ranking(
        keep=settings.related_keep,
        floor=settings.related_floor,
        freshness_share=settings.related_freshness_share,
        freshness_half_life=settings.related_freshness_half_life_days,
        section_boost=settings.related_section_boost,
        story_most=settings.related_story_most,
        story_cosine=settings.related_story_cosine,
        story_days=settings.related_story_days,
        variety=settings.related_variety,
        one_language=settings.related_one_language,
    )


class _Corpus:
    """Articles while they stream by; keeps what is small."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.sections: list[str] = []
        self.languages: list[str] = []
        self.published: list[float] = []
        self.headlines: list[str] = []
        self.fingerprints: list[bytes] = []
        self.sketches: list[NDArray[np.uint32]] = []

    def read(self, articles: Iterable[Article], reader: FieldReader, tick: Tick) -> Counts:
        """Count the words of articles."""
        return joined([self._read(some, reader, tick) for some in batched(articles, _BATCH)])

    def _read(self, articles: Sequence[Article], reader: FieldReader, tick: Tick) -> Counts:
        words = Words()
        read = [reader.read(article, words) for article in articles]
        hashes = word_hashes(words.stems)
        for article, fields in zip(articles, read, strict=True):
            self.ids.append(article.id)
            self.sections.append(section_key(article.section))
            self.languages.append(fields.language)
            self.published.append(article.published_at.timestamp() if article.published_at else 0.0)
            self.headlines.append(article.title.casefold())
            self.fingerprints.append(fingerprint(article))
            self.sketches.append(sketch(hashes[fields.body]))
        tick(len(self.ids))
        return count(read, words)
